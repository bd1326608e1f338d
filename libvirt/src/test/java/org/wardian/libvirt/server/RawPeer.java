package org.wardian.libvirt.server;

import java.io.IOException;
import java.nio.file.Path;
import org.wardian.host.UnixSocket;
import org.wardian.libvirt.rpc.Frame;
import org.wardian.libvirt.rpc.Header;
import org.wardian.libvirt.rpc.Message;
import org.wardian.libvirt.rpc.MessageConnection;
import org.wardian.libvirt.rpc.UnixTransport;
import org.wardian.libvirt.wire.Nothing;
import org.wardian.libvirt.wire.Procedure;
import org.wardian.libvirt.wire.remote.ConnectOpenArgs;
import org.wardian.libvirt.wire.remote.ErrorDetails;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.xdr.XdrStruct;

/** A client that says exactly what it is told to, right or wrong. */
final class RawPeer implements AutoCloseable {
  private final UnixSocket socket;
  private final MessageConnection connection;
  private int serial;

  RawPeer(Path path) {
    socket = UnixSocket.connect(path);
    connection = new MessageConnection(new UnixTransport(socket, path.toString()));
  }

  UnixSocket socket() {
    return socket;
  }

  MessageConnection connection() {
    return connection;
  }

  static Header header(Procedure<?, ?> procedure, int serial) {
    return new Header(procedure.program(), 1, procedure.number(), 0, serial, 0);
  }

  RawPeer open() throws IOException {
    Message reply = call(RemoteProgram.CONNECT_OPEN, new ConnectOpenArgs("qemu:///system", 0));
    if (reply.header().status() != 0) {
      throw new IOException(ErrorDetails.read(reply.reader()).message());
    }
    return this;
  }

  int send(Procedure<?, ?> procedure, XdrStruct arguments) throws IOException {
    int own = serial++;
    connection.send(Frame.of(header(procedure, own), arguments));
    return own;
  }

  Message call(Procedure<?, ?> procedure, XdrStruct arguments) throws IOException {
    send(procedure, arguments);
    return connection.receive();
  }

  Message call(Procedure<?, ?> procedure) throws IOException {
    return call(procedure, Nothing.NOTHING);
  }

  /** Sends a message as it is, and gives the error that answers it. */
  ErrorDetails error(Frame frame) throws IOException {
    connection.send(frame);
    Message reply = connection.receive();
    if (reply == null) {
      throw new IOException("disconnected: " + connection.cause());
    }
    if (reply.header().status() != Header.ERROR) {
      throw new IOException("no error: " + reply);
    }
    return ErrorDetails.read(reply.reader());
  }

  @Override
  public void close() {
    connection.close();
  }
}
