package org.wardian.machine;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.wardian.boot.BootException;
import org.wardian.boot.BootLoader;
import org.wardian.boot.BootModule;
import org.wardian.boot.BootParameters;
import org.wardian.boot.BootState;
import org.wardian.boot.GuestRam;
import org.wardian.boot.KernelImage;
import org.wardian.boot.acpi.AcpiTables;
import org.wardian.machine.platform.Platform;
import org.wardian.memory.GuestMemory;
import org.wardian.processor.Vcpu;

/** What a machine begins with when it is started, or after a reset: firmware, or a kernel. */
final class Start {
  private final MachineConfiguration configuration;

  /** Null where firmware starts the machine, or nothing does: its state only goes on. */
  private final KernelImage kernel;

  /**
   * Checks the kernel.
   *
   * @param goesOn whether there is a saved state to go on from: a kernel may be missing then
   * @throws BootException where the kernel is none
   */
  Start(MachineConfiguration configuration, boolean goesOn) throws BootException {
    this.configuration = configuration;
    boolean goesOnOnly = goesOn && configuration.kernel().length == 0;
    kernel =
        configuration.firmware().isPresent() || goesOnOnly
            ? null
            : KernelImage.parse(configuration.kernel());
  }

  /** Whether a reset starts the machine again. */
  boolean restarts() {
    return configuration.reboot() && (kernel != null || configuration.firmware().isPresent());
  }

  /**
   * Puts the boot processor at the firmware's reset vector, or into the kernel; the others wait.
   *
   * @throws BootException where kernel, initrd or command line do not fit the machine
   */
  void enter(Board board, Platform platform) throws BootException {
    List<Vcpu> vcpus = platform.vcpus();
    Vcpu first = vcpus.getFirst();
    if (kernel == null) {
      first.reset();
    } else {
      GuestEntry.enter(first, unpack(board, platform.memory()));
    }
    vcpus.stream().skip(1).forEach(GuestEntry::await);
  }

  /**
   * Goes on after a sleep that kept the memory: at the address that the guest left in the FACS, in
   * real mode (ACPI specification 6.5, §5.2.10). Firmware finds it by itself.
   *
   * @throws BootException where the guest left none, and cannot be started anew
   */
  void wake(Board board, Platform platform) throws BootException {
    List<Vcpu> vcpus = platform.vcpus();
    if (configuration.firmware().isPresent()) {
      vcpus.getFirst().reset();
    } else {
      OptionalInt vector = AcpiTables.wakingVector(platform.memory()::read);
      if (vector.isEmpty()) {
        enter(board, platform);
        return;
      }
      board.initialize();
      board.showText();
      GuestEntry.wake(vcpus.getFirst(), vector.getAsInt());
    }
    vcpus.stream().skip(1).forEach(GuestEntry::await);
  }

  private BootState unpack(Board board, GuestMemory memory) throws BootException {
    GuestRam ram =
        new GuestRam() {
          @Override
          public long size() {
            return configuration.memoryBytes();
          }

          @Override
          public void write(long gpa, byte[] data, int offset, int length) {
            memory.write(gpa, data, offset, length);
          }
        };
    board.initialize();
    long rsdp = AcpiTables.write(board.acpi(), ram);
    Optional<byte[]> initrd = configuration.initrd();
    return BootLoader.load(
        kernel,
        new BootParameters(
            configuration.protocol(),
            configuration.commandLine(),
            initrd.map(i -> List.of(BootModule.initrd(i))).orElse(List.of()),
            board.memoryMap(),
            rsdp,
            board.showText()),
        ram);
  }
}
