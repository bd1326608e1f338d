package org.wardian.conformance.load;

import java.io.IOException;
import java.io.PrintStream;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.wardian.conformance.libvirt.WardianDaemon;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.error.LibvirtException;

/**
 * 200 clients at once: 60 of ours and 40 of libvirt's own with mixed calls, 40 that listen to
 * events, and 60 that are half open, slow, deaf or mad. The calls of the first are timed without
 * the last and with them.
 */
final class ManyClients {
  private static final int OURS = 60;
  private static final int THEIRS = 40;
  private static final int LISTENERS = 40;
  private static final int BAD = 60;
  private static final int DOMAINS = 100;

  /** A list of domains that nobody reads (docs/libvirt.md): header of 24 bytes, two numbers. */
  private static final int[] LIST = {36, 0x20008086, 1, 273, 0, 7, 0, 1, 0};

  private final WardianDaemon daemon;
  private final PrintStream out;
  private final AtomicInteger failures = new AtomicInteger();
  private final AtomicInteger heard = new AtomicInteger();

  ManyClients(WardianDaemon daemon, PrintStream out) {
    this.daemon = daemon;
    this.out = out;
  }

  boolean run(int seconds) throws Exception {
    try (Connection connection = Connection.open(daemon.uri())) {
      for (int i = 0; i < DOMAINS; i++) {
        connection.defineDomain(Machines.USUAL.replace("NAME", "load" + i));
      }
    }
    ProcessFigures before = ProcessFigures.of(daemon.pid());
    measure("without bad clients", seconds, List.of());
    List<SocketChannel> bad = new ArrayList<>();
    for (int i = 0; i < BAD; i++) {
      bad.add(SocketChannel.open(UnixDomainSocketAddress.of(daemon.socket())));
    }
    measure("with 60 bad clients", seconds, bad);
    TimeUnit.SECONDS.sleep(2);
    out.println("the daemon before " + before);
    out.println("the daemon after  " + ProcessFigures.of(daemon.pid()));
    out.println("failures " + failures + ", events heard " + heard);
    return failures.get() == 0 && heard.get() > 0;
  }

  private void measure(String what, int seconds, List<SocketChannel> bad) throws Exception {
    Figures calls = new Figures();
    Process python =
        PythonClient.start(
            daemon.uri(), "many", Integer.toString(THEIRS), Integer.toString(seconds));
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < bad.size(); i++) {
        SocketChannel one = bad.get(i);
        int kind = i;
        threads.execute(() -> misbehave(one, kind, end));
      }
      threads.execute(() -> closeAt(end, bad));
      for (int i = 0; i < LISTENERS; i++) {
        threads.execute(() -> listen(end));
      }
      for (int i = 0; i < OURS; i++) {
        int number = i;
        threads.execute(() -> call(number, end, calls));
      }
    }
    Map<String, List<Double>> said = PythonClient.figures(python);
    Figures theirs = new Figures();
    said.get("call-us").forEach(value -> theirs.add(value / 1000));
    failures.addAndGet(said.get("failures").getFirst().intValue());
    out.println(what + ", milliseconds of a call: 60 of our client " + calls);
    out.println(what + ", milliseconds of a call: 40 of libvirt's " + theirs);
  }

  /** Those whose writes wait for a daemon that reads no more of them end by this only. */
  private void closeAt(long end, List<SocketChannel> channels) {
    try {
      TimeUnit.NANOSECONDS.sleep(end - System.nanoTime());
      for (SocketChannel one : channels) {
        one.close();
      }
    } catch (IOException | InterruptedException e) {
      fail(e);
    }
  }

  private void listen(long end) {
    try (Connection connection = Connection.open(daemon.uri())) {
      connection.events().ofLifecycle(event -> heard.incrementAndGet());
      while (System.nanoTime() < end) {
        TimeUnit.MILLISECONDS.sleep(200);
      }
      connection.hostname();
    } catch (LibvirtException | InterruptedException e) {
      fail(e);
    }
  }

  private void call(int number, long end, Figures calls) {
    String name = "mixed" + number;
    try (Connection connection = Connection.open(daemon.uri())) {
      Domain own = connection.defineDomain(Machines.BARE.replace("NAME", name));
      for (int i = number; System.nanoTime() < end; i++) {
        long began = System.nanoTime();
        switch (i % 7) {
          case 0 -> connection.domains();
          case 1 -> own.info();
          case 2 -> connection.domain("load" + i % DOMAINS).xml();
          case 3 -> connection.nodeInfo();
          case 4 -> connection.storagePools();
          case 5 -> connection.defineDomain(own.xml());
          default -> connection.domainStatistics(0, 0);
        }
        calls.add((System.nanoTime() - began) / 1e6);
      }
      own.undefine(0);
    } catch (LibvirtException e) {
      fail(e);
    }
  }

  private void fail(Exception e) {
    if (failures.incrementAndGet() < 10) {
      out.println("failed: " + e);
    }
  }

  /** What it gets for it is its own affair. */
  private static void misbehave(SocketChannel channel, int kind, long end) {
    ByteBuffer call = ByteBuffer.allocate(LIST[0]);
    for (int word : LIST) {
      call.putInt(word);
    }
    call.flip();
    try {
      while (System.nanoTime() < end) {
        switch (kind % 4) {
          case 0 -> {
            // Half a length, and then nothing.
            channel.write(ByteBuffer.wrap(new byte[] {0, 0}));
            TimeUnit.NANOSECONDS.sleep(Math.max(1, end - System.nanoTime()));
          }
          case 1 -> {
            // A byte now and then.
            call.limit(call.position() + 1);
            channel.write(call);
            if (call.position() == call.capacity()) {
              call.rewind();
            }
            TimeUnit.MILLISECONDS.sleep(50);
          }
          case 2 -> channel.write(call.rewind()); // and no answer is read
          default -> {
            channel.write(ByteBuffer.wrap(Files.readAllBytes(Path.of("/proc/self/maps"))));
            TimeUnit.MILLISECONDS.sleep(50);
          }
        }
      }
    } catch (IOException | InterruptedException e) {
      // It was thrown out.
    }
  }
}
