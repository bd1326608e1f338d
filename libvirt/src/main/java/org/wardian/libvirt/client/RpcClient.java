package org.wardian.libvirt.client;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.wardian.host.Descriptor;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.rpc.Frame;
import org.wardian.libvirt.rpc.Header;
import org.wardian.libvirt.rpc.Message;
import org.wardian.libvirt.rpc.MessageConnection;
import org.wardian.libvirt.rpc.MessageType;
import org.wardian.libvirt.wire.Procedure;
import org.wardian.libvirt.wire.Program;
import org.wardian.libvirt.wire.lxc.LxcProgram;
import org.wardian.libvirt.wire.qemu.QemuProgram;
import org.wardian.libvirt.wire.remote.ErrorDetails;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.xdr.XdrException;
import org.wardian.libvirt.xdr.XdrStruct;

/**
 * Calls and their answers, streams and events on one connection. Any number of threads may call.
 */
final class RpcClient implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(RpcClient.class.getName());
  private static final Map<Integer, Program> PROGRAMS =
      Map.of(
          RemoteProgram.NUMBER, RemoteProgram.PROGRAM,
          QemuProgram.NUMBER, QemuProgram.PROGRAM,
          LxcProgram.NUMBER, LxcProgram.PROGRAM);

  /**
   * What a call gave.
   *
   * @param result its structure
   * @param descriptors files that came with it, which the caller closes
   * @param stream the stream that it opened, or null
   */
  record Answer<R>(R result, List<Descriptor> descriptors, ClientStream stream) {}

  private record Pending(Procedure<?, ?> procedure, CompletableFuture<Message> reply) {}

  private final MessageConnection connection;
  private final Subscriptions subscriptions = new Subscriptions();
  private final Map<Integer, Pending> pending = new ConcurrentHashMap<>();
  private final Map<Integer, ClientStream> streams = new ConcurrentHashMap<>();
  private final AtomicInteger serials = new AtomicInteger();

  RpcClient(MessageConnection connection) {
    this.connection = connection;
    connection.whenClosed(this::ended);
    Thread.ofVirtual().name("libvirt-client").start(this::receive);
  }

  MessageConnection connection() {
    return connection;
  }

  Subscriptions subscriptions() {
    return subscriptions;
  }

  private void receive() {
    Message message;
    while ((message = connection.receive()) != null) {
      try {
        take(message);
      } catch (XdrException | RuntimeException e) {
        LOG.log(System.Logger.Level.ERROR, "a message that is not understood: " + message, e);
        connection.close(MessageConnection.Ending.ERROR, "it sent " + message);
      }
    }
  }

  private void take(Message message) throws XdrException {
    Header header = message.header();
    switch (header.messageType()) {
      case REPLY, REPLY_WITH_FDS -> {
        Pending call = pending.remove(header.serial());
        if (call == null) {
          message.closeDescriptors();
          return;
        }
        if (header.status() != Header.OK) {
          streams.remove(header.serial());
        }
        call.reply().complete(message);
      }
      case STREAM, STREAM_HOLE -> {
        ClientStream stream = streams.get(header.serial());
        if (stream != null) {
          stream.take(message);
        }
      }
      case EVENT -> {
        Program program = PROGRAMS.get(header.program());
        if (program != null && program.event(header.procedure()) != null) {
          subscriptions.take(
              program.event(header.procedure()),
              program.readEvent(header.procedure(), message.reader()));
        }
      }
      case null, default -> message.closeDescriptors();
    }
  }

  private void ended() {
    LibvirtException lost = lost();
    for (Integer serial : pending.keySet()) {
      Pending call = pending.remove(serial);
      if (call != null) {
        call.reply().completeExceptionally(lost);
      }
    }
    IOException gone = new IOException(lost.getMessage(), lost);
    streams.values().forEach(stream -> stream.lost(gone));
    subscriptions.close();
  }

  private LibvirtException lost() {
    return new LibvirtException(
        ErrorNumber.INTERNAL_ERROR,
        ErrorDomain.RPC,
        "the connection to " + connection.peer().address() + " has ended: " + connection.cause());
  }

  /** Calls a procedure and waits for its result. */
  <A extends XdrStruct, R extends XdrStruct> R call(Procedure<A, R> procedure, A arguments)
      throws LibvirtException {
    Answer<R> answer = call(procedure, arguments, List.of(), false);
    answer.descriptors().forEach(Descriptor::close);
    return answer.result();
  }

  /** What is done with an answer before anything else is received. */
  interface Receipt<R> {
    /** Takes it, on the receiving thread. */
    void take(R answer) throws LibvirtException;
  }

  /**
   * Calls a procedure whose answer changes how the bytes after it are read.
   *
   * @param receipt is given the answer if the call succeeds; what it throws is thrown here
   */
  <A extends XdrStruct, R extends XdrStruct> void call(
      Procedure<A, R> procedure, A arguments, Receipt<R> receipt) throws LibvirtException {
    call(procedure, arguments, List.of(), false, receipt);
  }

  /**
   * Calls a procedure and waits for its result, with files both ways and a stream.
   *
   * @param descriptors files to send, which are closed here
   * @param opensStream whether to take part in the stream that the call opens
   */
  <A extends XdrStruct, R extends XdrStruct> Answer<R> call(
      Procedure<A, R> procedure, A arguments, List<Descriptor> descriptors, boolean opensStream)
      throws LibvirtException {
    return call(procedure, arguments, descriptors, opensStream, null);
  }

  private <A extends XdrStruct, R extends XdrStruct> Answer<R> call(
      Procedure<A, R> procedure,
      A arguments,
      List<Descriptor> descriptors,
      boolean opensStream,
      Receipt<R> receipt)
      throws LibvirtException {
    int serial = serials.getAndIncrement();
    MessageType type = descriptors.isEmpty() ? MessageType.CALL : MessageType.CALL_WITH_FDS;
    Program program = PROGRAMS.get(procedure.program());
    Header header =
        new Header(
            program.number(),
            program.version(),
            procedure.number(),
            type.ordinal(),
            serial,
            Header.OK);
    ClientStream stream =
        opensStream ? new ClientStream(connection, header, () -> streams.remove(serial)) : null;
    CompletableFuture<Message> reply = new CompletableFuture<>();
    // What depends on it runs on the thread that completes it, which is the receiving one.
    CompletableFuture<Message> taken =
        receipt == null ? reply : reply.thenApply(message -> take(procedure, message, receipt));
    pending.put(serial, new Pending(procedure, reply));
    if (stream != null) {
      // Before the call: libvirtd may send the stream's first message before the reply.
      streams.put(serial, stream);
    }
    try {
      if (!descriptors.isEmpty() && !connection.passesDescriptors()) {
        throw new XdrException("files cannot be passed to " + connection.peer().address());
      }
      connection.send(Frame.of(header, arguments, descriptors));
    } catch (XdrException e) {
      pending.remove(serial);
      streams.remove(serial);
      descriptors.forEach(Descriptor::close);
      throw new LibvirtException(ErrorNumber.INVALID_ARG, ErrorDomain.RPC, e.getMessage(), e);
    } catch (IOException e) {
      pending.remove(serial);
      streams.remove(serial);
      throw lost();
    }
    if (connection.ending() != null) {
      // It may have ended after the last look at what is pending.
      ended();
    }
    return answer(procedure, await(taken, serial), stream);
  }

  private <R extends XdrStruct> Message take(
      Procedure<?, R> procedure, Message message, Receipt<R> receipt) {
    try {
      receipt.take(answer(procedure, message, null).result());
      return message;
    } catch (LibvirtException e) {
      throw new CompletionException(e);
    }
  }

  private Message await(CompletableFuture<Message> reply, int serial) throws LibvirtException {
    try {
      return reply.get();
    } catch (InterruptedException e) {
      pending.remove(serial);
      streams.remove(serial);
      Thread.currentThread().interrupt();
      throw new LibvirtException(
          ErrorNumber.OPERATION_ABORTED, ErrorDomain.RPC, "the caller was interrupted", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof LibvirtException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  @SuppressWarnings("unchecked") // the program reads the result type of that very procedure
  private <R extends XdrStruct> Answer<R> answer(
      Procedure<?, R> procedure, Message message, ClientStream stream) throws LibvirtException {
    try {
      if (message.header().status() != Header.OK) {
        message.closeDescriptors();
        throw new LibvirtException(ErrorDetails.read(message.reader()));
      }
      Program program = PROGRAMS.get(procedure.program());
      R result = (R) program.readResult(procedure.number(), message.reader());
      return new Answer<>(result, message.descriptors(), stream);
    } catch (XdrException e) {
      message.closeDescriptors();
      throw new LibvirtException(
          ErrorNumber.RPC,
          ErrorDomain.REMOTE,
          "an answer that is not understood: " + e.getMessage(),
          e);
    }
  }

  @Override
  public void close() {
    connection.close();
  }
}
