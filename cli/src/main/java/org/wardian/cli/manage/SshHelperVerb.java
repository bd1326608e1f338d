package org.wardian.cli.manage;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Failure;
import org.wardian.libvirt.client.ConnectionUri;
import org.wardian.libvirt.client.SocketPaths;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code ward virt-ssh-helper}: the far end of {@code qemu+ssh}. It takes what libvirt's program of
 * that name takes, so that a script of that name can call it where libvirt is not installed.
 */
@Command(
    name = "virt-ssh-helper",
    hidden = true,
    description = "Connects standard input and output to a daemon's UNIX socket on this host.")
public final class SshHelperVerb implements Callable<Integer> {
  @Option(names = "-r", description = "The socket only to look.")
  private boolean readOnly;

  @Parameters(paramLabel = "URI", description = "Such as qemu:///system.")
  private String uri;

  /** Made by picocli. */
  public SshHelperVerb() {}

  @Override
  public Integer call() {
    ConnectionUri parsed;
    try {
      parsed = ConnectionUri.parse(uri);
    } catch (IllegalArgumentException e) {
      throw new Failure(ExitStatus.USAGE, e.getMessage(), e);
    }
    if (parsed.transport() != ConnectionUri.Transport.UNIX) {
      throw new Failure(ExitStatus.USAGE, uri + " is not of a UNIX socket");
    }
    OwnDaemon own = OwnDaemon.ofThisProcess(Map.copyOf(System.getenv()));
    if (own.serves(parsed)) {
      own.startUnlessItAnswers();
    }
    Path socket = SocketPaths.ofThisProcess().socket(parsed, readOnly);
    try (SocketChannel daemon = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      connect(daemon);
      return ExitStatus.OK.code();
    } catch (IOException e) {
      throw new Failure(
          ExitStatus.NO_DAEMON,
          "no daemon answers at "
              + socket
              + ": start one with 'ward daemon' ("
              + e.getMessage()
              + ")",
          e);
    }
  }

  /** Until one of both sides ends. */
  private static void connect(SocketChannel daemon) {
    CountDownLatch ended = new CountDownLatch(1);
    // Not the streams of System, which take bytes for text.
    pass(new FileInputStream(FileDescriptor.in), Channels.newOutputStream(daemon), ended);
    pass(Channels.newInputStream(daemon), new FileOutputStream(FileDescriptor.out), ended);
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void pass(InputStream from, OutputStream into, CountDownLatch ended) {
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try {
            from.transferTo(into);
          } catch (IOException e) {
            // Either side is gone, which ends both.
          } finally {
            ended.countDown();
          }
        });
  }
}
