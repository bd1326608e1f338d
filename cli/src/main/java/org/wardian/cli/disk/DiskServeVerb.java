package org.wardian.cli.disk;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.storage.BlockImage;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.nbd.DirtyBitmapView;
import org.wardian.storage.nbd.NbdExport;
import org.wardian.storage.nbd.NbdLimits;
import org.wardian.storage.nbd.NbdServer;
import org.wardian.storage.nbd.NbdUri;
import org.wardian.storage.qcow2.Qcow2Image;
import org.wardian.storage.qcow2.StoredBitmap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward disk serve}. */
@Command(
    name = "serve",
    mixinStandardHelpOptions = true,
    description = {
      "Offers a disk to other programs and hosts by the NBD protocol.",
      "",
      "  ward disk serve disk.qcow2                        # nbd://localhost/",
      "  ward disk serve --socket /tmp/disk.sock disk.qcow2",
      "  ward disk serve --bind 0.0.0.0:10809 --persistent --shared 8 --read-only disk.qcow2",
      "",
      "It prints the disk's URI when clients can come: for 'ward disk', 'ward run --disk',"
          + " qemu-img, nbdinfo, nbdcopy, and the kernel's nbd-client. It ends when the last client"
          + " has left, or by Ctrl-C; then the disk is flushed and closed. Whoever can reach the"
          + " address can read and write the disk: there is no password and no encryption.",
      ""
    })
final class DiskServeVerb extends DiskAction {
  private static final int PORT = 10809;
  private static final int MOST_SHARED = 1000;

  /** Some clients look at a disk and then come again to use it. */
  private static final int LINGER_SECONDS = 1;

  @Option(
      names = {"-f", "--format"},
      paramLabel = "FORMAT",
      description = "What FILE is: raw, qcow2, vmdk, vdi, vhd, vhdx (default: by content).")
  private ImageFormat format;

  @Option(
      names = {"-b", "--bind"},
      paramLabel = "ADDRESS",
      description =
          "Listen at HOST, HOST:PORT or :PORT of TCP; port 0 is any (default: localhost:10809).")
  private String bind;

  @Option(
      names = {"-k", "--socket"},
      paramLabel = "PATH",
      description = "Listen at a UNIX socket in place of TCP.")
  private Path socket;

  @Option(
      names = {"-r", "--read-only"},
      description = "Clients may not write; the image is opened for reading.")
  private boolean readOnly;

  @Option(
      names = {"-x", "--export"},
      paramLabel = "NAME",
      description = "The name that clients ask for (default: none).")
  private String export = "";

  @Option(
      names = {"-D", "--description"},
      paramLabel = "TEXT",
      description = "Words for who lists the exports.")
  private String description = "";

  @Option(
      names = {"-B", "--bitmap"},
      paramLabel = "NAME",
      description =
          "Show a dirty bitmap of a qcow2 image, as qemu:dirty-bitmap:NAME; with --read-only. May"
              + " be given again.")
  private List<String> bitmaps = List.of();

  @Option(
      names = {"-t", "--persistent"},
      description = "Stay when the last client has left.")
  private boolean persistent;

  @Option(
      names = {"-e", "--shared"},
      paramLabel = "N",
      description = "Connections at the same time; others wait (default: 1).")
  private int shared = 1;

  @Mixin private JsonOption json;

  @Parameters(paramLabel = "FILE", description = "The image.")
  private Path file;

  private final CountDownLatch end = new CountDownLatch(1);
  private final AtomicInteger clients = new AtomicInteger();
  private final AtomicInteger arrivals = new AtomicInteger();

  @Override
  int act() throws IOException {
    if (bind != null && socket != null) {
      throw mistake("--bind and --socket exclude each other");
    }
    if (shared < 1 || shared > MOST_SHARED) {
      throw mistake("--shared is 1 to " + MOST_SHARED);
    }
    if (!bitmaps.isEmpty() && !readOnly) {
      throw mistake("--bitmap needs --read-only: what clients write would not be in it");
    }
    OpenOptions options =
        OpenOptions.readOnly().withWritable(!readOnly).withFormat(DiskFile.format(file, format));
    BlockImage image = Images.open(file, options);
    Thread hook = null;
    try (NbdServer server =
        new NbdServer(NbdLimits.usual().withConnections(shared), new Departures())) {
      server.add(new NbdExport(export, description, image, !readOnly, 1, views(image)));
      hook = Thread.ofPlatform().name("serve-end").unstarted(() -> finish(server, image));
      Runtime.getRuntime().addShutdownHook(hook);
      tell(image, uri(server.listen(address())));
      end.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      forget(hook);
      image.close();
    }
    return ExitStatus.OK.code();
  }

  /** Counts clients; the last one's leave is the end, unless another comes soon. */
  private final class Departures implements NbdServer.Observer {
    @Override
    public void attached(NbdExport chosen) {
      arrivals.incrementAndGet();
      clients.incrementAndGet();
    }

    @Override
    public void detached(NbdExport chosen) {
      int seen = arrivals.get();
      if (clients.decrementAndGet() == 0 && !persistent) {
        CompletableFuture.delayedExecutor(LINGER_SECONDS, TimeUnit.SECONDS)
            .execute(() -> {
              if (arrivals.get() == seen) {
                end.countDown();
              }
            });
      }
    }
  }

  /** By a signal: the JVM ends when this has. */
  private void finish(NbdServer server, BlockImage image) {
    server.close();
    try {
      image.close();
    } catch (IOException e) {
      err().println("ward: " + file + " may lack what was written last: " + e.getMessage());
      err().flush();
    }
  }

  private static void forget(Thread hook) {
    if (hook != null) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException ending) {
        // The hook runs, and does what is left to do.
        return;
      }
    }
  }

  private Map<String, DirtyBitmapView> views(BlockImage image) throws IOException {
    Map<String, DirtyBitmapView> views = new HashMap<>();
    for (String name : bitmaps) {
      if (!(image instanceof Qcow2Image qcow2)) {
        throw new IllegalArgumentException(file + " has no bitmaps: only qcow2 images do");
      }
      views.put(name, StoredBitmap.of(qcow2, name));
    }
    return views;
  }

  private SocketAddress address() {
    if (socket != null) {
      return UnixDomainSocketAddress.of(socket);
    }
    String text = bind == null ? "localhost" : bind;
    boolean bracketed = text.startsWith("[");
    int colon = bracketed ? text.indexOf(':', text.indexOf(']') + 1) : text.lastIndexOf(':');
    String host = colon < 0 ? text : text.substring(0, colon);
    int port = PORT;
    if (colon >= 0) {
      try {
        port = Integer.parseInt(text.substring(colon + 1));
      } catch (NumberFormatException e) {
        throw mistake("--bind " + text + ": the port is a number");
      }
    }
    if (port < 0 || port > 65535) {
      throw mistake("--bind " + text + ": the port is a number up to 65535");
    }
    String bare = bracketed ? host.substring(1, host.length() - 1) : host;
    InetSocketAddress address =
        bare.isEmpty() || bare.equals("*")
            ? new InetSocketAddress(port)
            : new InetSocketAddress(bare, port);
    if (address.isUnresolved()) {
      throw mistake("--bind " + text + ": there is no host " + bare);
    }
    return address;
  }

  private NbdUri uri(SocketAddress bound) {
    if (bound instanceof InetSocketAddress tcp) {
      boolean everywhere = tcp.getAddress().isAnyLocalAddress();
      boolean loopback = tcp.getAddress().isLoopbackAddress();
      String host = everywhere || loopback ? "localhost" : tcp.getAddress().getHostAddress();
      return NbdUri.tcp(host, tcp.getPort(), export);
    }
    return NbdUri.unix(socket.toAbsolutePath(), export);
  }

  private void tell(BlockImage image, NbdUri uri) {
    if (json.asked()) {
      ObjectNode node = Json.object();
      node.put("uri", uri.toString());
      node.put("file", file.toString());
      node.put("virtualSize", image.length());
      node.put("readOnly", readOnly);
      if (!bitmaps.isEmpty()) {
        bitmaps.forEach(node.putArray("bitmaps")::add);
      }
      out().println(node);
    } else {
      out().println(uri);
    }
    out().flush();
  }
}
