package org.wardian.daemon.domain;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/**
 * Machines for tests of the daemon alone: QEMU itself, which has the machine protocol that ours
 * follows, started by a script with the daemon's arguments. A machine whose document says {@code
 * broken} in its title ends with two lines.
 */
final class QemuMachines {
  private static final Path QEMU = Path.of("/usr/bin/qemu-system-x86_64");

  private static final String SCRIPT =
      """
      #!/bin/bash
      while [[ $# -gt 0 ]]; do
        case $1 in
          --definition) definition=$2; shift 2 ;;
          --qmp) socket=$2; shift 2 ;;
          --sandbox) sandbox="-sandbox $2"; shift 2 ;;
          *) shift ;;
        esac
      done
      if grep -q '<title>broken' "$definition"; then
        echo 'something first'
        echo 'machine: the disk is on holiday'
        exit 3
      fi
      exec %s -S -nodefaults -display none -machine pc -m 16 -no-shutdown \
        -qmp "unix:$socket,server=on,wait=off" -device virtio-balloon,id=balloon0 -vga std $sandbox
      """;

  private QemuMachines() {}

  /** Starts QEMU; without it the test is skipped, with the package that has it. */
  static MachineLauncher in(Path folder) throws IOException {
    return of(folder, SCRIPT.formatted(QEMU));
  }

  /** The same for a domain with one disk of qcow2 images, {@code vda}. */
  static MachineLauncher withDisk(Path folder) throws IOException {
    try (InputStream script = QemuMachines.class.getResourceAsStream("qemu-with-disk.sh")) {
      return of(folder, new String(script.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  private static MachineLauncher of(Path folder, String text) throws IOException {
    Assumptions.assumeTrue(
        Files.isExecutable(QEMU), "QEMU is not installed; it is in Debian's qemu-system-x86");
    Path script =
        Files.createFile(
            folder.resolve("machine"),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Files.writeString(script, text);
    return new MachineLauncher(List.of(script.toString()), "/usr/bin/ward");
  }
}
