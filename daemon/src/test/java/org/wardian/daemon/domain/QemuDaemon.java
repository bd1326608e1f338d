package org.wardian.daemon.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.wardian.daemon.Daemon;
import org.wardian.daemon.DaemonSettings;
import org.wardian.daemon.Folders;
import org.wardian.daemon.host.Hypervisor;
import org.wardian.daemon.storage.Virsh;
import org.wardian.definition.capabilities.Cpuid;

/** A whole daemon with Debian's virsh, machines being real processes of QEMU. */
final class QemuDaemon implements AutoCloseable {
  private static final String XML =
      """
      <domain type='qemu'>
        <name>%s</name>%s
        <memory unit='MiB'>16</memory>
        <os><type arch='x86_64' machine='pc'>hvm</type></os>
        <devices><memballoon model='virtio'/></devices>
      </domain>
      """;

  private final Path root;
  private final Folders folders;
  private final MachineLauncher machines;
  private final String uri;
  private final Virsh virsh;
  private Daemon daemon;

  /** Starts one; its root is short, for a UNIX socket's path has 107 bytes. */
  QemuDaemon(Path root) throws IOException {
    this.root = root;
    folders = Folders.under(root, true);
    machines = QemuMachines.in(root);
    uri = "qemu+unix:///system?socket=" + folders.state().resolve("virtqemud-sock");
    virsh = new Virsh(uri);
    open();
  }

  /** Starts the next daemon; the last one was closed. */
  void open() throws IOException {
    daemon =
        Daemon.start(
            folders,
            DaemonSettings.load(folders, Optional.empty(), DaemonSettings.Overrides.NONE),
            machines,
            new Hypervisor(
                machines.emulator(), false, (leaf, subleaf) -> Cpuid.Registers.NONE, List.of()));
  }

  /** Ends the daemon; its machines go on. */
  void end() {
    daemon.close();
  }

  Daemon daemon() {
    return daemon;
  }

  Folders folders() {
    return folders;
  }

  String uri() {
    return uri;
  }

  Virsh virsh() {
    return virsh;
  }

  /** A document in a file. */
  Path document(String name, String more) throws IOException {
    return Files.writeString(root.resolve(name + ".xml"), xml(name, more));
  }

  /** The document of a domain; {@code more} follows its name. */
  static String xml(String name, String more) {
    return XML.formatted(name, more);
  }

  String define(String name, String more) throws Exception {
    return virsh.printed("define " + document(name, more));
  }

  /** The process of a machine. */
  ProcessHandle machine() {
    return ProcessHandle.current()
        .children()
        .filter(one -> one.info().command().orElse("").contains("qemu-system"))
        .findFirst()
        .orElseThrow();
  }

  void awaitState(String name, String state) throws Exception {
    String said = "";
    for (int i = 0; i < 6000 && !said.equals(state); i++) {
      TimeUnit.MILLISECONDS.sleep(50);
      said = virsh.printed("domstate --reason " + name);
    }
    assertThat(said).isEqualTo(state);
  }

  /** Ends daemon and machines, which would outlive it. */
  @Override
  public void close() {
    daemon.close();
    ProcessHandle.current()
        .children()
        .filter(one -> one.info().command().orElse("").contains("qemu-system"))
        .forEach(ProcessHandle::destroyForcibly);
  }
}
