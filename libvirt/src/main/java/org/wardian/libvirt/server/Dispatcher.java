package org.wardian.libvirt.server;

import java.io.IOException;
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
import org.wardian.libvirt.xdr.XdrException;
import org.wardian.libvirt.xdr.XdrStruct;

/** From a call to its reply: what is wrong with it, who may make it, who answers it. */
final class Dispatcher {
  private final Session session;

  Dispatcher(Session session) {
    this.session = session;
  }

  /** Answers a call, and starts the stream that it opened. */
  void answer(Message message) {
    Header header = message.header();
    Call call = null;
    ServerStream stream = null;
    XdrStruct arguments = null;
    LibvirtException failure = null;
    long began = System.nanoTime();
    try {
      Frame reply;
      try {
        Procedure<?, ?> procedure = procedure(header);
        requireLogin(procedure);
        call = new Call(session, procedure, header, message.descriptors());
        arguments = arguments(procedure, message);
        admit(procedure, arguments);
        XdrStruct result = session.server().handlers().call(procedure, call, arguments);
        reply = reply(call, result);
        stream = stream(call);
      } catch (LibvirtException e) {
        failure = e;
        reply = error(header, e);
      } catch (RuntimeException | Error e) {
        Session.LOG.log(System.Logger.Level.ERROR, "the call " + header + " failed", e);
        failure =
            new LibvirtException(
                ErrorNumber.INTERNAL_ERROR, ErrorDomain.RPC, "the daemon failed: " + e, e);
        reply = error(header, failure);
      }
      if (call != null) {
        session
            .server()
            .observer()
            .finished(session, call.procedure(), arguments, failure, System.nanoTime() - began);
      }
      send(reply, call, stream);
    } catch (IOException e) {
      session.log("no reply", e);
      if (stream != null) {
        stream.end(true);
      }
    } catch (RuntimeException | Error e) {
      Session.LOG.log(System.Logger.Level.ERROR, "no reply to " + header, e);
      session.disconnect();
    } finally {
      if (call == null) {
        message.closeDescriptors();
      } else {
        call.closeReceived();
      }
    }
  }

  private void send(Frame reply, Call call, ServerStream stream) throws IOException {
    MessageConnection connection = session.connection();
    connection.send(reply);
    if (stream != null) {
      StreamBody body = call.stream();
      ServerStream opened = stream;
      Thread.ofVirtual().name("libvirt-stream").start(() -> opened.run(body));
    }
    session.server().connectionProcedures().replied(session, call);
  }

  private Procedure<?, ?> procedure(Header header) throws LibvirtException {
    Program program = session.server().program(header.program());
    if (program == null || program.version() != header.version()) {
      throw rpc(
          "Cannot find program "
              + Integer.toUnsignedString(header.program())
              + " version "
              + Integer.toUnsignedString(header.version()));
    }
    if (header.status() != Header.OK) {
      throw rpc("Unexpected message status " + Integer.toUnsignedString(header.status()));
    }
    Procedure<?, ?> procedure = program.procedure(header.procedure());
    if (procedure == null) {
      throw rpc("unknown procedure: " + header.procedure());
    }
    return procedure;
  }

  private void requireLogin(Procedure<?, ?> procedure) throws LibvirtException {
    if (!session.isAuthenticated() && !ConnectionProcedures.isLogin(procedure)) {
      throw rpc("authentication required");
    }
  }

  private XdrStruct arguments(Procedure<?, ?> procedure, Message message) throws LibvirtException {
    try {
      return session
          .server()
          .program(procedure.program())
          .readArguments(procedure.number(), message.reader());
    } catch (XdrException e) {
      throw rpc("Unable to decode message payload: " + e.getMessage());
    }
  }

  private void admit(Procedure<?, ?> procedure, XdrStruct arguments) throws LibvirtException {
    if (session.uri() == null && !ConnectionProcedures.worksUnopened(procedure)) {
      throw new LibvirtException(
          ErrorNumber.INTERNAL_ERROR, ErrorDomain.RPC, "connection not open");
    }
    if (!session.server().handlers().has(procedure)) {
      throw new LibvirtException(
          ErrorNumber.NO_SUPPORT, ReadOnlyRules.domain(procedure), procedure.function());
    }
    if (session.isReadOnly()) {
      ReadOnlyRules.check(procedure, arguments);
    }
    session.server().access().check(session, procedure, arguments);
  }

  private ServerStream stream(Call call) throws LibvirtException {
    if (call.stream() == null) {
      return null;
    }
    ServerStream stream = session.openStream(call.header());
    if (stream == null) {
      throw new LibvirtException(
          ErrorNumber.RESOURCE_BUSY, ErrorDomain.STREAMS, "too many streams are open");
    }
    return stream;
  }

  private Frame reply(Call call, XdrStruct result) throws LibvirtException {
    boolean files = !call.returned().isEmpty();
    MessageType type = files ? MessageType.REPLY_WITH_FDS : MessageType.REPLY;
    try {
      if (files && !session.connection().passesDescriptors()) {
        throw new XdrException("files cannot be passed to " + session.peer().address());
      }
      return Frame.of(call.header().answer(type, Header.OK), result, call.returned());
    } catch (XdrException e) {
      call.returned().forEach(Descriptor::close);
      throw rpc("Unable to encode message payload: " + e.getMessage());
    }
  }

  private static LibvirtException rpc(String detail) {
    return new LibvirtException(ErrorNumber.RPC, ErrorDomain.RPC, detail);
  }

  private static Frame error(Header header, LibvirtException e) throws IOException {
    return Frame.of(header.answer(MessageType.REPLY, Header.ERROR), e.details());
  }
}
