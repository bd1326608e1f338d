package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.wardian.daemon.FamilyServer;
import org.wardian.daemon.Folders;
import org.wardian.daemon.checkpoint.Checkpoints;
import org.wardian.daemon.snapshot.Snapshots;
import org.wardian.daemon.storage.Virsh;
import org.wardian.libvirt.server.Events;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;

/**
 * A daemon with a domain {@code d}, whose disk {@code vda} has three images, each above the other;
 * its machine is QEMU, which has the commands that ours follows.
 */
final class BlockJobHost {
  private static final long SIZE = 64L << 20;

  private final Path folder;
  private final MachineLauncher launcher;
  private Domains domains;
  private FamilyServer server;
  private Virsh virsh;

  BlockJobHost(Path folder) throws Exception {
    this.folder = folder;
    launcher = QemuMachines.withDisk(folder);
    Images.create(path("base"), CreateOptions.qcow2(SIZE));
    Images.create(
        path("mid"),
        CreateOptions.qcow2(SIZE).withBacking(path("base").toString(), ImageFormat.QCOW2));
    Images.create(
        path("top"),
        CreateOptions.qcow2(SIZE).withBacking(path("mid").toString(), ImageFormat.QCOW2));
    serve();
    virsh.printed("define " + document());
  }

  /** A file in the host's folder. */
  Path path(String name) {
    return folder.resolve(name);
  }

  Virsh virsh() {
    return virsh;
  }

  private String document() throws IOException {
    return Files.writeString(
            path("domain.xml"),
            """
            <domain type='qemu'>
              <name>d</name>
              <memory unit='MiB'>16</memory>
              <os><type arch='x86_64'>hvm</type></os>
              <devices>
                <disk type='file' device='disk'>
                  <driver name='qemu' type='qcow2'/>
                  <source file='%s'/>
                  <target dev='vda' bus='virtio'/>
                </disk>
              </devices>
            </domain>
            """
                .formatted(path("top")))
        .toString();
  }

  private void serve() throws IOException {
    Folders folders = Folders.under(folder, true);
    Events events = new Events();
    domains = new Domains(folders, events, launcher);
    Snapshots snapshots = new Snapshots(folders, domains);
    Checkpoints checkpoints = new Checkpoints(folders, domains);
    domains.load();
    snapshots.load();
    checkpoints.load();
    server = new FamilyServer(path("socket"), events, List.of(domains, snapshots, checkpoints));
    virsh = new Virsh(server.uri());
  }

  /** Ends the daemon, and starts another; machines go on. */
  void restart(Runnable between) throws IOException {
    server.close();
    domains.close();
    between.run();
    serve();
  }

  /** The path of the disk's image, now and at the next start. */
  List<String> sources() throws Exception {
    String query = "dumpxml d %s --xpath //disk/source/@file";
    return List.of(answered(query.formatted("")), answered(query.formatted("--inactive")));
  }

  private String answered(String query) throws Exception {
    return virsh.printed(query).replaceAll("(?s).*file=\"([^\"]*)\".*", "$1");
  }

  /** Ends all of it. */
  void end() throws Exception {
    virsh.all(List.of("destroy d"));
    server.close();
    domains.close();
  }
}
