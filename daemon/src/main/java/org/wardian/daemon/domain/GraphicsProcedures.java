package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.Graphics;
import org.wardian.host.Descriptor;
import org.wardian.host.HostException;
import org.wardian.host.UnixSocket;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainRef;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** A screen's connection for a client that passes files, or takes one: it needs no port. */
final class GraphicsProcedures extends DomainProcedures {
  private static final int BLOCK = 64 << 10;

  GraphicsProcedures(DomainParts parts) {
    super(parts);
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.act(
        RemoteProgram.DOMAIN_OPEN_GRAPHICS_FD,
        (call, args) -> {
          call.checkFlags(args.flags(), 1);
          End screen = connect(args.dom(), args.idx());
          call.returnDescriptor(UnixSocket.pairToPass(own -> relay(own, screen)));
        });
    handlers.act(
        RemoteProgram.DOMAIN_OPEN_GRAPHICS,
        (call, args) -> {
          call.checkFlags(args.flags(), 1);
          open(call, args.dom(), args.idx());
        });
  }

  private void open(Call call, DomainRef ref, int index) throws LibvirtException {
    List<Descriptor> files = call.takeDescriptors();
    if (files.size() != 1) {
      files.forEach(Descriptor::close);
      throw Refusal.badArgument("one connected socket is needed, not " + files.size());
    }
    try {
      End screen = connect(ref, index);
      relay(UnixSocket.adopt(files.getFirst()), screen);
    } catch (LibvirtException | RuntimeException e) {
      files.getFirst().close();
      throw e;
    }
  }

  /** Where bytes go to and come from. */
  private interface End extends AutoCloseable {
    int read(byte[] into) throws IOException;

    void write(byte[] from, int length) throws IOException;

    @Override
    void close();
  }

  private End connect(DomainRef ref, int index) throws LibvirtException {
    Domain domain = find(ref);
    Machine machine = domain.running();
    DomainDocument document = domain.facts().document();
    List<Graphics> all = document.graphics();
    if (index < 0 || index >= all.size()) {
      throw Refusal.internal("No graphics backend with index " + Integer.toUnsignedString(index));
    }
    if (!all.get(index).type().equals("vnc")) {
      throw Refusal.internal(
          "Can only open VNC or SPICE graphics backends, not " + all.get(index).type());
    }
    JsonNode vnc = machine.execute("query-vnc");
    if (!vnc.path("enabled").asBoolean()) {
      throw Refusal.internal("the machine shows no screen");
    }
    try {
      if (vnc.path("family").asText().equals("unix")) {
        return unix(UnixSocket.connect(Path.of(vnc.path("service").asText())));
      }
      String host = vnc.path("host").asText();
      boolean any = host.equals("0.0.0.0") || host.equals("::") || host.isEmpty();
      return tcp(
          SocketChannel.open(
              new InetSocketAddress(any ? "127.0.0.1" : host, vnc.path("service").asInt())));
    } catch (IOException | HostException e) {
      throw Refusal.failed("the machine's screen cannot be reached: " + e.getMessage(), e);
    }
  }

  private static End tcp(SocketChannel channel) {
    Socket socket = channel.socket();
    return new End() {
      @Override
      public int read(byte[] into) throws IOException {
        return Channels.newInputStream(channel).read(into);
      }

      @Override
      public void write(byte[] from, int length) throws IOException {
        Channels.newOutputStream(channel).write(from, 0, length);
      }

      @Override
      public void close() {
        try {
          socket.close();
        } catch (IOException e) {
          // It is of no more use either way.
        }
      }
    };
  }

  private static End unix(UnixSocket socket) {
    return new End() {
      @Override
      public int read(byte[] into) throws IOException {
        return socket.read(into, 0, into.length, passed -> passed.forEach(Descriptor::close));
      }

      @Override
      public void write(byte[] from, int length) throws IOException {
        socket.write(from, 0, length);
      }

      @Override
      public void close() {
        socket.close();
      }
    };
  }

  /** Copies both ways until one end closes. */
  private static void relay(UnixSocket client, End screen) {
    End other = unix(client);
    Thread.ofVirtual().name("screen-to-client").start(() -> copy(screen, other));
    Thread.ofVirtual().name("client-to-screen").start(() -> copy(other, screen));
  }

  private static void copy(End from, End to) {
    byte[] block = new byte[BLOCK];
    try (from;
        to) {
      int length;
      while ((length = from.read(block)) > 0) {
        to.write(block, length);
      }
    } catch (IOException e) {
      // One of both is gone, and so the other goes.
    }
  }
}
