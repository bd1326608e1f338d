package org.wardian.conformance.firmware;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.wardian.conformance.debian.DebianPackage;

/** Makes disks with one active FAT partition from which syslinux starts, by Debian's own tools. */
final class SyslinuxDisk {
  private static final int LIMIT_MINUTES = 5;

  /**
   * {@code $1} the image, {@code $2} the boot record's code, {@code $3} the configuration. The
   * partition's entry (type 0x0c, active, sector 2048, 28672 sectors) is written as bytes: the disk
   * needs neither root nor a loop device.
   */
  private static final String SCRIPT =
      """
      set -e
      truncate -s 15M "$1"
      mkfs.vfat -F 16 -h 2048 --offset 2048 "$1" 14336 >/dev/null
      syslinux --offset 1048576 --install "$1"
      mcopy -i "$1@@1M" "$3" ::syslinux.cfg
      dd if="$2" of="$1" conv=notrunc status=none
      entry='\\200\\040\\041\\000\\014\\335\\036\\001\\000\\010\\000\\000\\000\\160\\000\\000'
      printf "$entry" | dd of="$1" bs=1 seek=446 conv=notrunc status=none
      printf '\\125\\252' | dd of="$1" bs=1 seek=510 conv=notrunc status=none
      """;

  private SyslinuxDisk() {}

  /**
   * Makes a disk.
   *
   * @param folder for the image
   * @param configuration syslinux.cfg's content
   */
  static Path make(Path folder, String configuration) throws IOException, InterruptedException {
    Path image = folder.resolve("syslinux.img");
    Path record = DebianPackage.file("syslinux-common", "usr/lib/syslinux/mbr/mbr.bin");
    Path text = Files.writeString(folder.resolve("syslinux.cfg"), configuration);
    String path =
        Stream.of(
                DebianPackage.file("syslinux", "usr/bin"),
                DebianPackage.file("mtools", "usr/bin"),
                DebianPackage.file("dosfstools", "sbin"))
            .map(Path::toString)
            .collect(Collectors.joining(":"));
    List<String> command =
        List.of("sh", "-c", SCRIPT, "sh", image.toString(), record.toString(), text.toString());
    Path log = folder.resolve("syslinux.log");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(Redirect.to(log.toFile()));
    builder.environment().merge("PATH", path, (usual, more) -> more + ":" + usual);
    builder.environment().put("MTOOLS_SKIP_CHECK", "1");
    Process process = builder.start();
    if (!process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES) || process.exitValue() != 0) {
      process.destroyForcibly();
      throw new AssertionError("no disk with syslinux: " + Files.readString(log));
    }
    return image;
  }
}
