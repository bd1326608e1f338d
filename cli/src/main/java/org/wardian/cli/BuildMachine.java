package org.wardian.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.wardian.boot.BootException;
import org.wardian.boot.catalogue.CatalogueException;
import org.wardian.boot.catalogue.CatalogueException.Kind;
import org.wardian.boot.catalogue.ProgressListener;
import org.wardian.boot.catalogue.SystemBuilder;
import org.wardian.boot.catalogue.SystemMedia;
import org.wardian.host.HostException;
import org.wardian.machine.DeviceConfiguration;
import org.wardian.machine.DeviceConfiguration.DiskBus;
import org.wardian.machine.Machine;
import org.wardian.machine.MachineConfiguration;
import org.wardian.machine.Outcome;
import org.wardian.machine.platform.InterruptChips;
import org.wardian.storage.BlockDevice;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.device.DeviceOptions;
import org.wardian.storage.device.ImageDevice;
import org.wardian.x86.CpuModel;

/** Makes a system's disk in a machine of its own, without network and without a terminal. */
final class BuildMachine implements SystemBuilder {
  /** What the guest can grow to; the image holds what is used of it. */
  static final long DISK_BYTES = 10L << 30;

  private static final long MEMORY = 1L << 30;

  private final Execution execution;

  BuildMachine(Execution execution) {
    this.execution = execution;
  }

  @Override
  public void build(SystemMedia media, Path disk, ProgressListener progress)
      throws CatalogueException {
    Path log = disk.resolveSibling("build.log");
    progress.note(
        "making "
            + media.name()
            + " out of its packages, once, in a machine (accelerator "
            + execution.kind()
            + "); without KVM that takes some minutes");
    try (BuildConsole console = new BuildConsole(media, progress, log)) {
      Images.create(disk, CreateOptions.qcow2(DISK_BYTES));
      AtomicReference<Machine> running = new AtomicReference<>();
      AtomicReference<String> full = new AtomicReference<>();
      OpenOptions options =
          // What a crash tears is not kept.
          OpenOptions.readWrite().withFormat(ImageFormat.QCOW2).withFlushed(false);
      try (BlockDevice root = device("disk0", disk, options, cause -> stop(running, full, cause));
          BlockDevice packages =
              device(
                  "disk1",
                  media.packages(),
                  OpenOptions.readOnly().withFormat(ImageFormat.RAW),
                  cause -> stop(running, full, cause))) {
        Outcome outcome = run(media, console, List.of(root, packages), running);
        if (full.get() != null) {
          throw new CatalogueException(
              Kind.NO_SPACE,
              "the disk of " + disk.getParent() + " is full (" + full.get() + "); free some space");
        }
        if (outcome.cause() != Outcome.Cause.POWERED_OFF || !console.isDone()) {
          throw failed(media, keep(log), outcome.cause() + "; " + console.reason());
        }
      }
    } catch (CatalogueException e) {
      throw e;
    } catch (IOException e) {
      throw new CatalogueException(
          Kind.NOT_WRITABLE, "the disk of " + media.name() + ": " + e.getMessage(), e);
    }
  }

  private Outcome run(
      SystemMedia media,
      BuildConsole console,
      List<BlockDevice> disks,
      AtomicReference<Machine> running)
      throws CatalogueException {
    MachineConfiguration configuration =
        new MachineConfiguration(
                media.kernel(),
                Path.of(media.name()),
                Optional.of(media.initrd()),
                "console=ttyS0 panic=-1 quiet",
                MEMORY,
                1,
                CpuModel.standard(),
                Set.of(),
                false)
            .on(execution.kind(), InterruptChips.SPLIT)
            .with(execution.translator())
            .with(List.of(disk("disk0", disks.get(0)), disk("disk1", disks.get(1))));
    try (Machine machine = new Machine(configuration, console)) {
      running.set(machine);
      return machine.run();
    } catch (BootException | HostException e) {
      throw failed(media, Optional.empty(), String.valueOf(e.getMessage()));
    } finally {
      running.set(null);
    }
  }

  private static DeviceConfiguration disk(String id, BlockDevice medium) {
    return new DeviceConfiguration.Disk(
        id, DiskBus.VIRTIO, medium, false, "", 1, OptionalInt.empty());
  }

  private static BlockDevice device(
      String id, Path image, OpenOptions options, java.util.function.Consumer<String> stopped)
      throws IOException {
    return new ImageDevice(id, Images.open(image, options), DeviceOptions.usual(), stopped);
  }

  private static void stop(
      AtomicReference<Machine> running, AtomicReference<String> reason, String cause) {
    reason.set(cause);
    Machine machine = running.get();
    if (machine != null) {
      machine.stop();
    }
  }

  /** The log of a failure outlives the folder of the build. */
  private static Optional<Path> keep(Path log) throws IOException {
    Path kept = Files.createTempFile("wardian-build-", ".log");
    Files.copy(log, kept, StandardCopyOption.REPLACE_EXISTING);
    return Optional.of(kept);
  }

  private static CatalogueException failed(SystemMedia media, Optional<Path> log, String why) {
    return new CatalogueException(
        Kind.BUILD_FAILED,
        media.name()
            + " could not be made out of its packages: "
            + why
            + log.map(path -> "; all that it said is in " + path).orElse(""));
  }
}
