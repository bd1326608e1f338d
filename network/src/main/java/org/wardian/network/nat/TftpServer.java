package org.wardian.network.nat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.wardian.network.wire.NetworkOrder;
import org.wardian.network.wire.TftpRequest;

/**
 * Serves the files of one folder, to be read only: RFC 1350, with block size (RFC 2348), time-out
 * and size (RFC 2349) and window (RFC 7440). Files are local; reading one does not leave this
 * thread.
 */
final class TftpServer implements UdpHandler {
  private static final int PORT = 69;
  private static final int MOST_TRANSFERS = 32;
  private static final int BLOCK = 512;
  private static final int SMALLEST_BLOCK = 8;
  private static final int HEADERS = 48 + 4;
  private static final int MOST_WINDOW = 64;
  private static final int ATTEMPTS = 6;
  private static final long TIMEOUT = 1_000_000_000L;
  private static final int LONGEST_NAME = 512;

  private static final int UNDEFINED = 0;
  private static final int NOT_FOUND = 1;
  private static final int VIOLATION = 2;
  private static final int ILLEGAL = 4;
  private static final int UNKNOWN_TRANSFER = 5;

  private final NatEngine engine;
  private final UdpTable table;
  private final Path folder;
  private final Map<Flow, Transfer> transfers = new LinkedHashMap<>();

  TftpServer(NatEngine engine, UdpTable table) {
    this.engine = engine;
    this.table = table;
    folder = engine.configuration().tftpFolder();
  }

  int transfers() {
    return transfers.size();
  }

  @Override
  public void datagram(Flow flow, byte[] bytes, int offset, int length) {
    if (flow.guest().unspecified()) {
      engine.counters().refused.increment();
      return;
    }
    if (length >= 2 && NetworkOrder.get16(bytes, offset) == TftpRequest.WRITE) {
      error(flow, PORT, VIOLATION, "files are here to be read");
      return;
    }
    TftpRequest request = TftpRequest.parse(bytes, offset, length);
    if (request == null) {
      engine.counters().malformed.increment();
      error(flow, PORT, ILLEGAL, "no request");
      return;
    }
    if (transfers.containsKey(flow)) {
      // Our answer is on its way, or will be sent again.
      return;
    }
    if (!request.mode().equals("octet") && !request.mode().equals("netascii")) {
      error(flow, PORT, ILLEGAL, "unknown mode");
      return;
    }
    if (transfers.size() >= MOST_TRANSFERS) {
      transfers.values().iterator().next().end();
      engine.counters().overLimit.increment();
    }
    open(flow, request);
  }

  private void open(Flow flow, TftpRequest request) {
    try {
      Path file = find(request.file());
      if (file == null) {
        error(flow, PORT, NOT_FOUND, "file not found");
        return;
      }
      FileChannel content = FileChannel.open(file, StandardOpenOption.READ);
      Transfer transfer = new Transfer(flow, content);
      transfer.port = table.reserve(transfer);
      if (transfer.port < 0) {
        content.close();
        return;
      }
      transfers.put(flow, transfer);
      transfer.begin(request.options());
    } catch (IOException e) {
      error(flow, PORT, UNDEFINED, "file cannot be read");
    }
  }

  /** The file with a name within the folder; null where there is none. */
  private Path find(String name) throws IOException {
    if (name.length() > LONGEST_NAME) {
      return null;
    }
    try {
      Path root = folder.toRealPath();
      Path wanted = root.resolve(name.replaceAll("^/+", "")).normalize();
      if (!wanted.startsWith(root) || !Files.exists(wanted)) {
        return null;
      }
      // A link may lead out of the folder.
      Path real = wanted.toRealPath();
      return real.startsWith(root) && Files.isRegularFile(real) ? real : null;
    } catch (InvalidPathException e) {
      return null;
    }
  }

  private void error(Flow flow, int port, int code, String text) {
    byte[] words = text.getBytes(StandardCharsets.US_ASCII);
    byte[] message = new byte[5 + words.length];
    NetworkOrder.put16(message, 0, TftpRequest.ERROR);
    NetworkOrder.put16(message, 2, code);
    System.arraycopy(words, 0, message, 4, words.length);
    send(flow, port, message);
  }

  private void send(Flow flow, int port, byte[] message) {
    engine
        .link()
        .sendUdp(flow.peer(), port, flow.guest(), flow.guestPort(), message, 0, message.length);
  }

  void close() {
    List.copyOf(transfers.values()).forEach(Transfer::end);
  }

  /** A file on its way to a guest. */
  private final class Transfer implements UdpHandler {
    private final Flow flow;
    private final FileChannel content;
    private final Deadline timer = new Deadline(this::expired);
    private long size;
    private int port;
    private int block = BLOCK;
    private int window = 1;
    private long timeout = TIMEOUT;
    private byte[] agreement;
    private long acknowledged;
    private int attempts;

    Transfer(Flow flow, FileChannel content) {
      this.flow = flow;
      this.content = content;
    }

    void begin(Map<String, String> options) throws IOException {
      size = content.size();
      ByteArrayOutputStream agreed = new ByteArrayOutputStream();
      int most = engine.configuration().mtu() - HEADERS;
      for (Map.Entry<String, String> option : options.entrySet()) {
        long value = option.getValue().matches("\\d{1,9}") ? Long.parseLong(option.getValue()) : -1;
        long answer = -1;
        switch (option.getKey()) {
          case "blksize" -> {
            if (value >= SMALLEST_BLOCK) {
              block = (int) Math.min(value, most);
              answer = block;
            }
          }
          case "tsize" -> answer = value >= 0 ? size : -1;
          case "timeout" -> {
            if (value >= 1 && value <= 255) {
              timeout = value * TIMEOUT;
              answer = value;
            }
          }
          case "windowsize" -> {
            if (value >= 1) {
              window = (int) Math.min(value, MOST_WINDOW);
              answer = window;
            }
          }
          default -> {
            // RFC 2347: what is not understood is not agreed on.
          }
        }
        if (answer >= 0) {
          agreed.writeBytes(option.getKey().getBytes(StandardCharsets.US_ASCII));
          agreed.write(0);
          agreed.writeBytes(Long.toString(answer).getBytes(StandardCharsets.US_ASCII));
          agreed.write(0);
        }
      }
      if (agreed.size() > 0) {
        agreement = new byte[2 + agreed.size()];
        NetworkOrder.put16(agreement, 0, TftpRequest.OPTIONS);
        System.arraycopy(agreed.toByteArray(), 0, agreement, 2, agreed.size());
      }
      transmit();
    }

    /** Number of the last block, which is shorter than the others. */
    private long last() {
      return size / block + 1;
    }

    private void transmit() {
      timer.set(engine.deadlines(), engine.now() + timeout);
      if (agreement != null) {
        send(flow, port, agreement);
        return;
      }
      try {
        for (long number = acknowledged + 1;
            number <= Math.min(last(), acknowledged + window);
            number++) {
          byte[] message = new byte[4 + block];
          ByteBuffer data = ByteBuffer.wrap(message, 4, block);
          long from = (number - 1) * block;
          while (data.hasRemaining() && content.read(data, from + data.position() - 4) > 0) {
            // Until the block is full, or the file ends.
          }
          NetworkOrder.put16(message, 0, TftpRequest.DATA);
          NetworkOrder.put16(message, 2, (int) number);
          send(flow, port, Arrays.copyOf(message, data.position()));
        }
      } catch (IOException e) {
        error(flow, port, UNDEFINED, "file cannot be read");
        end();
      }
    }

    @Override
    public void datagram(Flow from, byte[] bytes, int offset, int length) {
      if (!from.guest().equals(flow.guest()) || from.guestPort() != flow.guestPort()) {
        error(from, port, UNKNOWN_TRANSFER, "not your transfer");
        return;
      }
      if (length < 4 || NetworkOrder.get16(bytes, offset) != TftpRequest.ACKNOWLEDGMENT) {
        end();
        return;
      }
      int ahead = NetworkOrder.get16(bytes, offset + 2) - (int) acknowledged & 0xffff;
      if (agreement != null) {
        if (ahead == 0) {
          agreement = null;
          attempts = 0;
          transmit();
        }
        return;
      }
      // An old acknowledgment sends nothing again, or both would send twice ever after.
      if (ahead == 0 || ahead > window) {
        return;
      }
      acknowledged += ahead;
      attempts = 0;
      if (acknowledged >= last()) {
        end();
      } else {
        transmit();
      }
    }

    private void expired() {
      if (++attempts > ATTEMPTS) {
        end();
      } else {
        transmit();
      }
    }

    void end() {
      timer.cancel();
      table.free(port);
      transfers.remove(flow);
      try {
        content.close();
      } catch (IOException e) {
        engine.counters().failures.increment();
      }
    }
  }
}
