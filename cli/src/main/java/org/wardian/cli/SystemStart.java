package org.wardian.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.wardian.boot.catalogue.CachedSystem;
import org.wardian.boot.catalogue.CatalogueException;
import org.wardian.boot.catalogue.SystemCache;
import org.wardian.boot.catalogue.SystemDefinition;
import org.wardian.boot.seed.CloudSeed;
import org.wardian.host.Terminal;
import org.wardian.machine.DeviceConfiguration.DiskBus;
import org.wardian.machine.state.Origin;
import org.wardian.network.nat.Forward;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.device.DeviceOptions;
import org.wardian.storage.operation.ImageInfo;

/**
 * A whole system, made ready for one run: its disk, its seed, and the port by which it is reached.
 * Closing it removes the seed, which may hold a password: best as soon as the machine has it open.
 */
final class SystemStart {
  private static final int SSH = 22;
  private static final int FIRST_PORT = 2222;
  private static final int PORTS = 100;

  /** Kernel messages below warnings would hide what systemd tells of its services. */
  private static final String PARAMETERS = "root=/dev/vda net.ifnames=0 loglevel=4";

  /** What a saved machine encloses: the seed's volume, and the name of the system's user. */
  private static final String SEED = "seed";

  private static final String USER = "user";

  private final SystemRequest request;
  private final CachedSystem system;
  private final Path disk;
  private final boolean kept;
  private final Path seedFolder;
  private final Path seed;

  /** What a saved machine has of its start; that of another machine, if it goes on from one. */
  private final Origin restored;

  private SystemStart(
      SystemRequest request,
      CachedSystem system,
      Path disk,
      boolean kept,
      Path seedFolder,
      Origin restored) {
    this.request = request;
    this.system = system;
    this.disk = disk;
    this.kept = kept;
    this.seedFolder = seedFolder;
    this.seed = seedFolder.resolve("seed.iso");
    this.restored = restored;
  }

  /**
   * Finds or makes the system, and the disk to keep.
   *
   * @param restored what the saved machine that is gone on with was started from
   * @throws Failure if something cannot be had
   */
  static SystemStart of(
      SystemDefinition definition,
      SystemRequest request,
      Optional<String> mirror,
      Execution execution,
      Optional<Origin> restored) {
    try {
      SystemCache cache = SystemCache.open(mirror);
      Optional<Path> existing = request.keep().filter(Files::exists);
      CachedSystem system =
          existing.isPresent()
              ? below(existing.get())
              : cache.ensure(definition, new BuildMachine(execution), Progress.onStandardError());
      if (request.keep().isPresent() && existing.isEmpty()) {
        create(request.keep().get(), system, request.diskBytes());
      }
      if (request.keep().isPresent()) {
        cache.keep(system, request.keep().get());
      }
      Path folder = Files.createTempDirectory("wardian-seed");
      SystemStart start =
          new SystemStart(
              request,
              system,
              request.keep().orElse(system.disk()),
              request.keep().isPresent(),
              folder,
              restored.orElse(Origin.NONE));
      start.writeSeed();
      return start;
    } catch (CatalogueException e) {
      throw CatalogueFailure.of(e);
    } catch (IOException e) {
      throw new Failure(
          ExitStatus.STORAGE, "the seed for cloud-init cannot be written: " + e.getMessage(), e);
    }
  }

  private void writeSeed() throws IOException {
    // In the reverse order: a folder must be empty before it goes.
    seedFolder.toFile().deleteOnExit();
    seed.toFile().deleteOnExit();
    Optional<byte[]> known = restored.enclosure(SEED);
    if (known.isPresent()) {
      // The guest has read it, and finds the same again.
      Files.write(seed, known.get());
    } else {
      request.seed().write(seed);
    }
  }

  /**
   * The devices whose files have to stay with a saved machine: the seed, which is in its state, is
   * not among them.
   */
  static DeviceRequest lasting(Optional<SystemRequest> system, DeviceRequest asked) {
    Optional<Path> kept = system.flatMap(SystemRequest::keep);
    if (kept.isEmpty()) {
      return asked;
    }
    List<DiskArgument> disks = new ArrayList<>();
    disks.add(disk(kept.get(), false, false, ImageFormat.QCOW2));
    disks.addAll(asked.disks());
    return asked.with(disks, asked.forwards());
  }

  /** The system that a kept disk stands on. */
  private static CachedSystem below(Path overlay) throws CatalogueException {
    ImageInfo info;
    try {
      info = ImageInfo.of(overlay, OpenOptions.readOnly().withLocked(false));
    } catch (IOException e) {
      throw new Failure(ExitStatus.BAD_IMAGE, "--keep " + overlay + ": " + e.getMessage(), e);
    }
    Path base = info.backing();
    Optional<CachedSystem> system =
        base == null || base.getParent() == null
            ? Optional.empty()
            : CachedSystem.open(base.getParent()).filter(found -> isSame(found.disk(), base));
    return system.orElseThrow(() ->
        new Failure(
            ExitStatus.BAD_IMAGE,
            "--keep "
                + overlay
                + " exists, and is no disk that 'ward run' made for a system that is still in the"
                + " cache"
                + (base == null ? "" : " (it stands on " + base + ")")));
  }

  private static boolean isSame(Path a, Path b) {
    try {
      return Files.isSameFile(a, b);
    } catch (IOException e) {
      return false;
    }
  }

  private static void create(Path overlay, CachedSystem system, Optional<Long> bytes) {
    try {
      Images.create(
          overlay,
          CreateOptions.qcow2(bytes.orElse(-1L))
              .withBacking(system.disk().toRealPath().toString(), ImageFormat.QCOW2));
    } catch (IOException e) {
      throw new Failure(
          ExitStatus.STORAGE, "--keep " + overlay + " cannot be made: " + e.getMessage(), e);
    }
  }

  /** The devices asked for, with the system's disk before them, its seed behind, and its port. */
  DeviceRequest devices(DeviceRequest asked) {
    List<DiskArgument> disks = new ArrayList<>();
    disks.add(disk(disk, false, !kept, ImageFormat.QCOW2));
    disks.addAll(asked.disks());
    disks.add(disk(seed, true, false, ImageFormat.RAW));
    List<Forward> forwards = new ArrayList<>(asked.forwards());
    boolean nat = asked.cards().stream().anyMatch(card -> card.kind() == NetArgument.Kind.NAT);
    if (nat && sshForward(forwards).isEmpty()) {
      forwards.add(Forward.parse(freePort() + ":" + SSH));
    }
    return asked.with(disks, forwards);
  }

  private static DiskArgument disk(
      Path image, boolean readOnly, boolean snapshot, ImageFormat format) {
    return new DiskArgument(
        image,
        DiskBus.VIRTIO,
        false,
        readOnly,
        snapshot,
        Optional.of(format),
        "",
        0,
        true,
        DeviceOptions.usual());
  }

  private static Optional<Forward> sshForward(List<Forward> forwards) {
    return forwards.stream()
        .filter(each -> each.protocol() == Forward.Protocol.TCP && each.guestPort() == SSH)
        .findFirst();
  }

  /** A port that is free at this moment; the same one as the last time, if it can be. */
  private static int freePort() {
    for (int port = FIRST_PORT; port < FIRST_PORT + PORTS; port++) {
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.ofLiteral("127.0.0.1"))) {
        return socket.getLocalPort();
      } catch (IOException e) {
        // Somebody has it: the next.
        continue;
      }
    }
    throw new Failure(
        ExitStatus.UNAVAILABLE,
        "no port from " + FIRST_PORT + " on is free for ssh; --publish PORT:22 names another");
  }

  /** What the machine is started from. */
  GuestImages images(RunRequest run, Optional<Terminal> terminal) {
    try {
      String words = PARAMETERS + run.append().map(text -> " " + text).orElse("");
      Optional<byte[]> initrd = run.initrd().map(file -> GuestImages.read("initrd", file));
      String commandLine = GuestImages.commandLine(terminal, Optional.of(words));
      SortedMap<String, byte[]> enclosures = new TreeMap<>();
      enclosures.put(SEED, Files.readAllBytes(seed));
      enclosures.put(USER, user().getBytes(StandardCharsets.UTF_8));
      return new GuestImages(
          system.kernel(),
          system.folder(),
          Optional.of(initrd.isPresent() ? initrd.get() : system.initrd()),
          commandLine,
          () -> new Origin("", Optional.empty(), Optional.empty(), commandLine, enclosures));
    } catch (CatalogueException e) {
      throw CatalogueFailure.of(e);
    } catch (IOException e) {
      throw new Failure(ExitStatus.STORAGE, "seed " + seed + ": " + e.getMessage(), e);
    }
  }

  /** The name of the system's user. */
  private String user() {
    return restored
        .enclosure(USER)
        .map(name -> new String(name, StandardCharsets.UTF_8))
        .filter(CloudSeed::isUserName)
        .orElse(request.seed().user());
  }

  /** Tells how the system is reached, and what becomes of its disk. */
  void announce(DeviceRequest devices, PrintWriter err) {
    sshForward(devices.forwards())
        .ifPresent(forward -> {
          String way =
              "ssh -p " + forward.hostPort() + " " + user() + "@" + forward.bind().getHostAddress();
          boolean allowed =
              restored.enclosure(SEED).isPresent()
                  || !request.seed().keys().isEmpty()
                  || request.seed().password().isPresent();
          err.println(
              allowed
                  ? "ward: once it is up: " + way
                  : "ward: "
                      + way
                      + " lets nobody in: there is no key in ~/.ssh; --ssh-key FILE names one");
        });
    err.println(
        kept
            ? "ward: its disk is kept in " + disk
            : "ward: what it writes is thrown away at the end; --keep FILE keeps it");
    err.flush();
  }

  /** Removes the seed's name; whoever has it open goes on reading. */
  void close() {
    try {
      Files.deleteIfExists(seed);
      Files.deleteIfExists(seedFolder);
    } catch (IOException e) {
      // The end of the program removes it.
      return;
    }
  }
}
