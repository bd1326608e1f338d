package org.wardian.process.assembly;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.wardian.machine.Firmware;
import org.wardian.process.assembly.AssemblyException.Reason;
import org.wardian.storage.BlockDevice;
import org.wardian.storage.BlockImage;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.device.DeviceOptions;
import org.wardian.storage.device.ImageDevice;
import org.wardian.storage.device.TemporaryOverlay;

/** Finds firmware: that of the host's packages by name, or a file of the user's. */
public final class FirmwareFiles {
  private static final List<Path> BIOS =
      List.of(
          Path.of("/usr/share/seabios/bios-256k.bin"),
          Path.of("/usr/share/qemu/bios-256k.bin"),
          Path.of("/usr/share/seabios/bios.bin"));

  private static final List<Path> VIDEO_BIOS =
      List.of(
          Path.of("/usr/share/seabios/vgabios-stdvga.bin"),
          Path.of("/usr/share/qemu/vgabios-stdvga.bin"));

  private static final List<Path> UEFI =
      List.of(
          Path.of("/usr/share/OVMF/OVMF_CODE_4M.fd"),
          Path.of("/usr/share/OVMF/OVMF_CODE.fd"),
          Path.of("/usr/share/edk2/ovmf/OVMF_CODE.fd"));

  /** The first serial port, which SeaBIOS then uses as its screen and keyboard. */
  private static final Map<String, byte[]> SERIAL_SCREEN =
      Map.of("etc/sercon-port", new byte[] {(byte) 0xf8, 3});

  private FirmwareFiles() {}

  /** Paths of the UEFI images that this host has. */
  public static List<Path> uefiImages() {
    return UEFI.stream().filter(Files::isReadable).toList();
  }

  /** The option ROM of the display, or empty bytes where the host has none. */
  public static byte[] videoBios() {
    return present(VIDEO_BIOS).map(FirmwareFiles::read).orElse(new byte[0]);
  }

  /**
   * What {@code --firmware} names.
   *
   * @param name {@code bios}, {@code uefi} or a file
   * @param serialScreen whether the firmware shall show itself on the serial port
   * @param opened takes what has to be closed
   */
  public static Firmware of(String name, boolean serialScreen, List<BlockDevice> opened) {
    return switch (name) {
      case "bios" ->
          bios(present(BIOS).orElseThrow(() -> absent("SeaBIOS", "seabios")), serialScreen);
      case "uefi" -> uefi(opened);
      default -> bios(Path.of(name), serialScreen);
    };
  }

  private static Firmware bios(Path file, boolean serialScreen) {
    try {
      return Firmware.bios(read(file)).with(serialScreen ? SERIAL_SCREEN : Map.of());
    } catch (IllegalArgumentException e) {
      throw new AssemblyException(Reason.IMAGE, "firmware " + file + ": " + e.getMessage(), e);
    }
  }

  private static Firmware uefi(List<BlockDevice> opened) {
    Path code = present(UEFI).orElseThrow(() -> absent("OVMF", "ovmf"));
    Path variables = code.resolveSibling(code.getFileName().toString().replace("CODE", "VARS"));
    OpenOptions options = OpenOptions.readWrite().withFormat(ImageFormat.RAW);
    try {
      return uefi(code, TemporaryOverlay.open(variables, options), opened);
    } catch (IOException e) {
      throw lost(variables, e);
    }
  }

  /**
   * UEFI whose variables are kept.
   *
   * @param code file of the firmware's code
   * @param variables file that the variables are read from and written to
   * @param opened takes what has to be closed
   */
  public static Firmware uefi(Path code, Path variables, List<BlockDevice> opened) {
    OpenOptions options = OpenOptions.readWrite().withFormat(ImageFormat.RAW);
    try {
      return uefi(code, Images.open(variables, options), opened);
    } catch (IOException e) {
      throw lost(variables, e);
    }
  }

  private static AssemblyException lost(Path variables, IOException e) {
    return new AssemblyException(
        Reason.IMAGE, "UEFI variables " + variables + ": " + e.getMessage(), e);
  }

  private static Firmware uefi(Path code, BlockImage variables, List<BlockDevice> opened) {
    BlockDevice flash =
        new ImageDevice("uefi-variables", variables, DeviceOptions.usual(), cause -> {});
    opened.add(flash);
    return Firmware.uefi(read(code), flash);
  }

  private static Optional<Path> present(List<Path> files) {
    return files.stream().filter(Files::isReadable).findFirst();
  }

  private static AssemblyException absent(String what, String debianPackage) {
    return new AssemblyException(
        Reason.HOST,
        "this host has no "
            + what
            + ": install it (Debian's package "
            + debianPackage
            + ") or name a file by --firmware FILE");
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new AssemblyException(
          Reason.IMAGE, "firmware " + file + " cannot be read: " + e.getMessage(), e);
    }
  }
}
