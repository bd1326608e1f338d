package org.wardian.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.wardian.boot.catalogue.CachedImage;
import org.wardian.boot.catalogue.CatalogueException;
import org.wardian.boot.catalogue.GuestCatalogue;
import org.wardian.boot.catalogue.ImageCache;
import org.wardian.boot.catalogue.ImageSummary;
import org.wardian.boot.initramfs.DefaultInitramfs;
import org.wardian.cli.console.ConsoleScript;
import org.wardian.cli.console.ConsoleSession;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.machine.PinnedProcessors;
import org.wardian.machine.platform.AcceleratorKind;
import org.wardian.machine.platform.InterruptChips;
import org.wardian.machine.platform.Translator;
import org.wardian.process.assembly.AcceleratorChoice;
import org.wardian.processor.software.Observation;
import org.wardian.x86.CpuModel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * {@code ward train}, which the launcher calls while the JVM records what it loads and how it runs:
 * its AOT cache then holds that for all later starts. Boots the default guest where it has been
 * fetched already; does not fetch it.
 */
@Command(
    name = "train",
    hidden = true,
    mixinStandardHelpOptions = true,
    description = {
      "Executes a bit of everything, so that the JVM's AOT cache knows it: for ward's own"
          + " launcher.",
      "",
      "Leaves with 0 where that was a whole guest, and with 9 where none has been fetched yet.",
      ""
    })
final class TrainVerb implements Callable<Integer> {
  /** What happens in guests: processes, pipes, files, page faults, system calls. */
  private static final String WORK =
      """
      i=0; while [ $i -lt 100 ]; do /bin/busybox true; i=$((i+1)); done
      dd if=/dev/zero of=/dev/null bs=512 count=20000
      find / -xdev | sort | md5sum
      cat /proc/kallsyms | gzip | wc -c
      """;

  /** What goes through disk and card; the port of {@link TrainingPeer} is its argument. */
  private static final String TRAFFIC =
      """
      for i in 1 2 3 4 5 6 7 8; do dd if=/dev/vda of=/dev/null bs=1M iflag=direct; done
      dd if=/dev/zero of=/dev/vda bs=1M count=60 oflag=direct conv=fsync
      dd if=/dev/vda of=/dev/null bs=4k count=6000 iflag=direct
      dd if=/dev/zero of=/dev/vda bs=4k count=3000 oflag=direct
      for i in 1 2; do echo D | nc 10.0.2.2 %1$d | wc -c; done
      mkfifo /tmp/p; nc 10.0.2.2 %1$d </tmp/p | (exec 3>/tmp/p; n=0; echo 0 >&3; while [ $n -lt 1500 ] && read x; do n=$((n+1)); echo $n >&3; done)
      dd if=/dev/zero bs=64k count=256 | nc -w 1 10.0.2.2 %1$d | wc -c
      """;

  private static final long DISK = 64L << 20;
  private static final long MEMORY = 256L << 20;
  private static final Duration LONGEST = Duration.ofMinutes(2);

  /** For the interpreter: enough that HotSpot has compiled its loop, not enough for a boot. */
  private static final Duration INTERPRETED = Duration.ofSeconds(8);

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    // Loads what each start needs, the help and the doctor's measurements included.
    spec.root().commandLine().getUsageMessage();
    TranslatorFindings.measure();
    if (!fetched()) {
      return ExitStatus.UNAVAILABLE.code();
    }
    boot(Translator.AUTO, WORK, LONGEST, DeviceRequest.USUAL);
    traffic();
    boot(Translator.OFF, "", INTERPRETED, DeviceRequest.USUAL);
    manage();
    return ExitStatus.OK.code();
  }

  private static boolean fetched() {
    try {
      return ImageCache.open().list().stream()
          .anyMatch(image ->
              image.name().equals(GuestCatalogue.DEFAULT_GUEST)
                  && image.state() == ImageSummary.State.READY);
    } catch (CatalogueException e) {
      return false;
    }
  }

  private static void traffic() {
    try (TrainingPeer peer = new TrainingPeer()) {
      Path disk = Files.createTempFile("wardian-training", ".raw");
      try {
        try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
          file.setLength(DISK);
        }
        DiskArgument argument = DiskArgument.disk(disk + ",format=raw");
        boot(
            Translator.AUTO,
            TRAFFIC.formatted(peer.port()),
            LONGEST,
            DeviceRequest.USUAL.with(List.of(argument), List.of()));
      } finally {
        Files.delete(disk);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("no room for a disk to train with", e);
    }
  }

  /** A daemon, a client, a machine's process: what they do at their start. */
  private void manage() {
    try {
      CachedImage guest =
          ImageCache.open().ensure(GuestCatalogue.DEFAULT_GUEST, Progress.onStandardError());
      new ManagementRehearsal(guest.kernel(), DefaultInitramfs.build(guest.busybox())).run();
    } catch (IOException | LibvirtException e) {
      // The record is worth having without it.
      spec.commandLine().getErr().println("no rehearsal of the daemon: " + e.getMessage());
    }
  }

  private static void boot(
      Translator translator, String script, Duration limit, DeviceRequest devices) {
    AcceleratorChoice ours =
        new AcceleratorChoice(AcceleratorKind.SOFTWARE, "it is trained", Optional.empty());
    RunRequest request =
        new RunRequest(
            GuestCatalogue.DEFAULT_GUEST,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            MEMORY,
            1,
            PinnedProcessors.NONE,
            CpuModel.standard(),
            Set.of(),
            devices,
            Execution.of(ours, translator, CpuModel.standard()),
            InterruptChips.SPLIT,
            false,
            0,
            Optional.empty(),
            Optional.of(limit));
    GuestImages images = GuestImages.of(request, Optional.empty());
    PrintWriter nobody = new PrintWriter(Writer.nullWriter());
    try (OpenedDevices attached =
            OpenedDevices.of(request.peripherals(), 1, Optional.empty(), nobody);
        MachineKeeper keeper =
            new MachineKeeper(KeepRequest.NONE, attached, images.origin(), nobody);
        ConsoleSession console =
            new ConsoleSession(
                InputStream.nullInputStream(),
                OutputStream.nullOutputStream(),
                Optional.empty(),
                Optional.of(ConsoleScript.of(script)))) {
      new GuestRun(request, images, attached, console, keeper, Observation.NONE, nobody).run();
    }
  }
}
