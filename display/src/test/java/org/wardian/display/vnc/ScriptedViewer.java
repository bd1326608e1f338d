package org.wardian.display.vnc;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import org.wardian.display.vnc.encoding.RectangleDecoder;

/** A viewer that does what a test says, step by step. */
final class ScriptedViewer implements AutoCloseable {
  /** The format of the server: 0x00RRGGBB, little-endian. */
  static final byte[] FORMAT = {32, 24, 0, 1, 0, -1, 0, -1, 0, -1, 16, 8, 0, 0, 0, 0};

  private final AutoCloseable connection;
  final DataInputStream in;
  final DataOutputStream out;
  private final RectangleDecoder decoder = new RectangleDecoder(FORMAT);
  int width;
  int height;
  int[] pixels = new int[0];
  String name;

  /** Reason and status of the last size that was told; -1 for none. */
  int sizeReason = -1;

  int sizeStatus = -1;
  boolean extendedKeys;
  int[] colourMap;

  ScriptedViewer(InputStream in, OutputStream out, AutoCloseable connection) {
    this.in = new DataInputStream(in);
    this.out = new DataOutputStream(out);
    this.connection = connection;
  }

  /** Connects to a server, and says nothing yet. */
  static ScriptedViewer connect(VncServer server) throws IOException {
    if (server.address() instanceof VncAddress.Tcp tcp) {
      @SuppressWarnings("AddressSelection") // tests name a loopback address
      SocketAddress address = new InetSocketAddress(tcp.host(), tcp.port());
      Socket socket = new Socket();
      socket.connect(address);
      // A server that is silent fails the test instead of stopping it.
      socket.setSoTimeout(300_000);
      return new ScriptedViewer(socket.getInputStream(), socket.getOutputStream(), socket);
    }
    VncAddress.Unix unix = (VncAddress.Unix) server.address();
    SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(unix.path()));
    return new ScriptedViewer(
        Channels.newInputStream(channel), Channels.newOutputStream(channel), channel);
  }

  /** Connects to a server without password and encryption, to the end of the handshake. */
  static ScriptedViewer looking(VncServer server) throws IOException {
    return looking(server, true);
  }

  static ScriptedViewer looking(VncServer server, boolean shared) throws IOException {
    ScriptedViewer viewer = connect(server);
    viewer.version("RFB 003.008\n");
    viewer.chooseSecurity(1);
    if (viewer.in.readInt() != 0) {
      throw new IOException("no security is refused: " + viewer.reason());
    }
    viewer.initialise(shared);
    return viewer;
  }

  String version(String ours) throws IOException {
    byte[] theirs = in.readNBytes(12);
    out.write(ours.getBytes(StandardCharsets.US_ASCII));
    return new String(theirs, StandardCharsets.US_ASCII);
  }

  /** Reads what is offered, and chooses. */
  void chooseSecurity(int kind) throws IOException {
    byte[] kinds = in.readNBytes(in.readUnsignedByte());
    if (kinds.length == 0) {
      throw new IOException(reason());
    }
    out.write(kind);
  }

  String reason() throws IOException {
    return new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
  }

  void initialise(boolean shared) throws IOException {
    out.write(shared ? 1 : 0);
    resize(in.readUnsignedShort(), in.readUnsignedShort());
    in.readNBytes(16);
    name = reason();
  }

  private void resize(int newWidth, int newHeight) {
    width = newWidth;
    height = newHeight;
    pixels = new int[width * height];
  }

  void format(byte[] format) throws IOException {
    decoder.format(format);
    out.write(new byte[4]);
    out.write(format);
  }

  void encodings(int... numbers) throws IOException {
    out.write(2);
    out.write(0);
    out.writeShort(numbers.length);
    for (int number : numbers) {
      out.writeInt(number);
    }
  }

  void request(boolean incremental, int x, int y, int w, int h) throws IOException {
    out.write(3);
    out.write(incremental ? 1 : 0);
    for (int each : new int[] {x, y, w, h}) {
      out.writeShort(each);
    }
    out.flush();
  }

  void request(boolean incremental) throws IOException {
    request(incremental, 0, 0, width, height);
  }

  void key(int symbol, boolean down) throws IOException {
    out.write(4);
    out.write(down ? 1 : 0);
    out.writeShort(0);
    out.writeInt(symbol);
  }

  void extendedKey(int symbol, int number, boolean down) throws IOException {
    out.write(255);
    out.write(0);
    out.writeShort(down ? 1 : 0);
    out.writeInt(symbol);
    out.writeInt(number);
  }

  void pointer(int x, int y, int mask) throws IOException {
    out.write(5);
    out.write(mask);
    out.writeShort(x);
    out.writeShort(y);
  }

  void wantSize(int w, int h) throws IOException {
    out.write(251);
    out.write(0);
    out.writeShort(w);
    out.writeShort(h);
    out.write(1);
    out.write(0);
    out.writeLong(0);
    out.writeShort(w);
    out.writeShort(h);
    out.writeInt(0);
  }

  /**
   * Reads a message.
   *
   * @return the rectangles of pixels in it
   */
  int update() throws IOException {
    int type = in.readUnsignedByte();
    in.readByte();
    if (type == 1) {
      colourMap = new int[in.readUnsignedShort() + in.readUnsignedShort()];
      for (int i = 0; i < colourMap.length; i++) {
        int red = in.readUnsignedShort() >> 8;
        int green = in.readUnsignedShort() >> 8;
        colourMap[i] = red << 16 | green << 8 | in.readUnsignedShort() >> 8;
      }
      return 0;
    }
    if (type != 0) {
      throw new IOException("message " + type);
    }
    int painted = 0;
    int count = in.readUnsignedShort();
    for (int i = 0; i < count; i++) {
      painted += rectangle() ? 1 : 0;
    }
    return painted;
  }

  private boolean rectangle() throws IOException {
    int x = in.readUnsignedShort();
    int y = in.readUnsignedShort();
    int w = in.readUnsignedShort();
    int h = in.readUnsignedShort();
    int encoding = in.readInt();
    switch (encoding) {
      case -223 -> resize(w, h);
      case -258 -> extendedKeys = true;
      case -308 -> {
        sizeReason = x;
        sizeStatus = y;
        in.readNBytes(3 + 16 * in.readUnsignedByte());
        if (sizeStatus == 0 && (w != width || h != height)) {
          resize(w, h);
        }
      }
      default -> {
        if (x + w > width || y + h > height) {
          throw new IOException("a rectangle outside of the screen");
        }
        int[] read = decoder.read(encoding, w, h, in);
        for (int row = 0; row < h; row++) {
          System.arraycopy(read, row * w, pixels, (y + row) * width + x, w);
        }
        return true;
      }
    }
    return false;
  }

  /** Whether the server has ended the connection, after what it may have sent before. */
  boolean ended() throws IOException {
    try {
      in.readAllBytes();
      return true;
    } catch (SocketException e) {
      return true; // reset: it had not read all that was sent
    }
  }

  @Override
  public void close() throws IOException {
    try {
      connection.close();
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException(e);
    }
  }
}
