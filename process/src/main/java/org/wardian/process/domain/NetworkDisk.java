package org.wardian.process.domain;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DiskSource;
import org.wardian.process.assembly.AssemblyException;
import org.wardian.process.assembly.AssemblyException.Reason;
import org.wardian.storage.nbd.NbdPath;
import org.wardian.storage.nbd.NbdUri;

/** What a document says of a disk at a server (libvirt, "Disk sources", type network). */
final class NetworkDisk {
  private NetworkDisk() {}

  /**
   * The export; empty where the disk is not of this type.
   *
   * @throws AssemblyException for a protocol or a host that cannot be spoken to
   */
  static Optional<Path> of(Disk disk) {
    DiskSource source = disk.source();
    if (!source.type().equals("network")) {
      return Optional.empty();
    }
    String protocol = source.protocol().orElse("");
    if (!protocol.equals("nbd")) {
      throw bad(disk, "servers of " + protocol + " are not spoken to by this machine; nbd is");
    }
    if (source.tls()) {
      throw bad(disk, "NBD by TLS is not spoken by this machine; leave tls out");
    }
    List<DiskSource.Host> hosts = source.hosts();
    if (hosts.size() != 1) {
      throw bad(disk, "nbd has one host");
    }
    NbdUri uri = uri(disk, hosts.getFirst(), source.name().orElse(""));
    Duration delay = Duration.ofSeconds(source.reconnectDelay().orElse(0));
    return Optional.of(new NbdPath(uri.withReconnectDelay(delay)));
  }

  private static NbdUri uri(Disk disk, DiskSource.Host host, String export) {
    try {
      return switch (host.transport()) {
        case "tcp" ->
            NbdUri.tcp(
                host.name().orElseThrow(() -> bad(disk, "the host of nbd has no name")),
                host.port().orElse(0),
                export);
        case "unix" ->
            NbdUri.unix(
                Path.of(host.socket().orElseThrow(() -> bad(disk, "the host has no socket"))),
                export);
        default -> throw bad(disk, "nbd goes by tcp or unix, not by " + host.transport());
      };
    } catch (InvalidPathException e) {
      throw bad(disk, "the socket cannot be a file: " + e.getMessage());
    }
  }

  private static AssemblyException bad(Disk disk, String why) {
    return new AssemblyException(Reason.REQUEST, "disk " + disk.target() + ": " + why);
  }
}
