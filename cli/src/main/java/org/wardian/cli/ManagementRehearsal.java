package org.wardian.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.wardian.daemon.Daemon;
import org.wardian.daemon.DaemonSettings;
import org.wardian.daemon.Folders;
import org.wardian.daemon.domain.MachineLauncher;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.process.Launch;
import org.wardian.process.MachineProcess;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.Images;

/**
 * A machine's process and a daemon with a client, in this JVM and in a folder of its own: for the
 * record by which later ones start faster.
 */
final class ManagementRehearsal {
  private static final String EMULATOR = "/usr/bin/ward";
  private static final long DISK = 64L << 20;
  private static final long LOOK_MILLISECONDS = 20;

  /** What a client asks a machine for when it has started one. */
  private static final List<String> COMMANDS =
      List.of(
          "qmp_capabilities",
          "query-status",
          "query-chardev",
          "query-cpus-fast",
          "query-block",
          "query-balloon",
          "cont",
          "stop",
          "quit");

  private final byte[] kernel;
  private final byte[] initrd;

  ManagementRehearsal(byte[] kernel, byte[] initrd) {
    this.kernel = kernel.clone();
    this.initrd = initrd.clone();
  }

  /** Does it all; the folder goes again. */
  void run() throws IOException, LibvirtException {
    Path folder = Files.createTempDirectory("ward");
    try {
      Files.write(folder.resolve("vmlinuz"), kernel);
      Files.write(folder.resolve("initrd"), initrd);
      Images.create(folder.resolve("disk.qcow2"), CreateOptions.qcow2(DISK));
      machine(folder);
      daemon(folder);
    } finally {
      remove(folder);
    }
  }

  private static void machine(Path folder) throws IOException {
    Path definition = Files.writeString(folder.resolve("live.xml"), document(folder, true));
    Path socket = folder.resolve("qmp");
    Launch launch =
        MachineArguments.read(
                new String[] {
                  "machine",
                  "--definition",
                  definition.toString(),
                  "--qmp",
                  socket.toString(),
                  "--paused",
                  // Java ends this process by starting another one, which makes the cache.
                  "--sandbox",
                  "off"
                })
            .orElseThrow();
    CompletableFuture<Void> machine = CompletableFuture.runAsync(() -> MachineProcess.run(launch));
    while (!Files.exists(socket) && !machine.isDone()) {
      pause();
    }
    if (!machine.isDone()) {
      control(socket);
    }
    try {
      machine.join();
    } catch (CompletionException e) {
      throw new IOException(e.getCause().getMessage(), e);
    }
  }

  private static void control(Path socket) throws IOException {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        BufferedReader answers =
            new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8))) {
      answers.readLine();
      for (String command : COMMANDS) {
        String line = "{\"execute\": \"" + command + "\", \"id\": 0}\n";
        channel.write(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)));
        String answer;
        do {
          answer = answers.readLine();
        } while (answer != null && !answer.contains("\"id\"")); // Events come between.
      }
    }
  }

  private static void daemon(Path folder) throws IOException, LibvirtException {
    Folders folders = Folders.under(folder.resolve("d"), false);
    DaemonSettings settings =
        DaemonSettings.load(folders, Optional.empty(), DaemonSettings.Overrides.NONE);
    try (Daemon _ =
            Daemon.start(
                folders,
                settings,
                MachineLauncher.ofThisProgram(EMULATOR),
                HostAbilities.of(EMULATOR));
        Connection connection =
            Connection.open(
                "qemu+unix:///session?socket=" + folders.state().resolve("libvirt-sock"))) {
      Domain domain = connection.defineDomain(document(folder, false));
      domain.start();
      domain.state();
      domain.xml();
      connection.domains();
      domain.suspend();
      domain.destroy();
      domain.undefine(0);
    }
  }

  /** A machine with the devices that most have. */
  private static String document(Path folder, boolean live) {
    return """
    <domain type='qemu'%1$s>
      <name>rehearsal</name>
      <memory unit='MiB'>64</memory>
      <vcpu>1</vcpu>
      <os><type arch='x86_64' machine='pc'>hvm</type>
        <kernel>%2$s/vmlinuz</kernel><initrd>%2$s/initrd</initrd><cmdline>console=ttyS0</cmdline></os>
      <features><acpi/><apic/></features>
      <devices>
        <disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
          <source file='%2$s/disk.qcow2'%3$s/><target dev='vda' bus='virtio'/>%4$s</disk>
        <interface type='user'><mac address='52:54:00:00:00:01'/><model type='virtio'/>%5$s</interface>
        <serial type='pty'><target port='0'/>%6$s</serial>
        <graphics type='vnc' socket='%2$s/vnc'/>
        <video><model type='vga' vram='16384'/></video>
        <memballoon model='virtio'>%7$s</memballoon>
      </devices>
    </domain>
    """
        .formatted(
            live ? " id='1'" : "",
            folder,
            live ? " index='1'" : "",
            alias(live, "virtio-disk0"),
            alias(live, "net0"),
            alias(live, "serial0"),
            alias(live, "balloon0"));
  }

  private static String alias(boolean live, String name) {
    return live ? "<alias name='" + name + "'/>" : "";
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(LOOK_MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private static void remove(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
