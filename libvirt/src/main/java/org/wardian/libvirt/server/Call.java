package org.wardian.libvirt.server;

import java.util.ArrayList;
import java.util.List;
import org.wardian.host.Descriptor;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorLevel;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.rpc.Header;
import org.wardian.libvirt.wire.Procedure;
import org.wardian.libvirt.wire.remote.ErrorDetails;

/** A call that a handler answers: who asks, the files that came with it, a stream to open. */
public final class Call {
  private final Session session;
  private final Procedure<?, ?> procedure;
  private final Header header;
  private final List<Descriptor> received;
  private final List<Descriptor> returned = new ArrayList<>();
  private StreamBody stream;

  Call(Session session, Procedure<?, ?> procedure, Header header, List<Descriptor> received) {
    this.session = session;
    this.procedure = procedure;
    this.header = header;
    this.received = new ArrayList<>(received);
  }

  /** The connection that it came by. */
  public Session session() {
    return session;
  }

  /** What is called. */
  public Procedure<?, ?> procedure() {
    return procedure;
  }

  /** The files that came with the call; whoever takes them closes them. */
  public List<Descriptor> takeDescriptors() {
    List<Descriptor> taken = List.copyOf(received);
    received.clear();
    return taken;
  }

  /** Sends a file with the reply, and closes it here. */
  public void returnDescriptor(Descriptor descriptor) {
    if (!procedure.descriptors().inReply()) {
      throw new IllegalStateException(procedure + " returns no files");
    }
    returned.add(descriptor);
  }

  /**
   * Opens the stream of this call. The body runs on a virtual thread once the reply has been sent.
   *
   * @throws IllegalStateException where the procedure has no stream
   */
  public void openStream(StreamBody body) {
    if (procedure.stream() == Procedure.StreamWay.NONE) {
      throw new IllegalStateException(procedure + " opens no stream");
    }
    stream = body;
  }

  /**
   * Refuses flags that the handler does not know, as libvirt does.
   *
   * @param known all bits that it knows
   */
  public void checkFlags(int flags, int known) throws LibvirtException {
    int unknown = flags & ~known;
    if (unknown != 0) {
      String function = procedure.function();
      boolean domain = function.startsWith("virDomain");
      // libvirt names its driver's function, and leaves its usual words for the number away.
      String message =
          "unsupported flags (0x%s) in function %s"
              .formatted(
                  Integer.toHexString(unknown),
                  domain ? "qemu" + function.substring("vir".length()) : function);
      throw new LibvirtException(
          new ErrorDetails(
              ErrorNumber.INVALID_ARG.number(),
              (domain ? ErrorDomain.QEMU : ErrorDomain.NONE).number(),
              message,
              ErrorLevel.ERROR.number(),
              null,
              "%s",
              message,
              null,
              0,
              0,
              null));
    }
  }

  Header header() {
    return header;
  }

  StreamBody stream() {
    return stream;
  }

  List<Descriptor> returned() {
    return returned;
  }

  /** Closes what nobody took. */
  void closeReceived() {
    received.forEach(Descriptor::close);
  }
}
