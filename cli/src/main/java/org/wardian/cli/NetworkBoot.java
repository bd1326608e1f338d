package org.wardian.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.wardian.machine.DeviceConfiguration.CardModel;
import org.wardian.machine.Firmware;

/**
 * What a BIOS starts a guest from the network by: iPXE, of the host's package. UEFI has its own.
 */
final class NetworkBoot {
  private static final List<Path> FOLDERS =
      List.of(Path.of("/usr/lib/ipxe/qemu"), Path.of("/usr/share/qemu"));

  private NetworkBoot() {}

  /**
   * The files of a firmware with the option ROMs of the cards that are to be started from.
   *
   * @param err where the user is told that the host has none
   */
  static Map<String, byte[]> files(Firmware firmware, List<NetArgument> cards, PrintWriter err) {
    Map<String, byte[]> files = new HashMap<>(firmware.files());
    if (firmware.kind() == Firmware.Kind.BIOS) {
      for (NetArgument card : cards) {
        if (card.boots() && !files.containsKey(name(card.model()))) {
          optionRom(card.model(), err).ifPresent(rom -> files.put(name(card.model()), rom));
        }
      }
    }
    return files;
  }

  /** By what SeaBIOS looks for the option ROM of a PCI device. */
  private static String name(CardModel model) {
    return switch (model) {
      case VIRTIO -> "pci1af4,1000.rom";
      case E1000 -> "pci8086,100e.rom";
    };
  }

  private static Optional<byte[]> optionRom(CardModel model, PrintWriter err) {
    String file = "pxe-" + model.name().toLowerCase(Locale.ROOT) + ".rom";
    for (Path folder : FOLDERS) {
      try {
        if (Files.isReadable(folder.resolve(file))) {
          return Optional.of(Files.readAllBytes(folder.resolve(file)));
        }
      } catch (IOException e) {
        throw new Failure(
            ExitStatus.UNAVAILABLE, folder.resolve(file) + " cannot be read: " + e.getMessage(), e);
      }
    }
    err.println(
        "ward: this host has no iPXE (Debian's package ipxe-qemu), so a BIOS does not start from"
            + " the network");
    return Optional.empty();
  }
}
