package org.wardian.daemon.domain;

import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.NetworkInterface;
import org.wardian.libvirt.error.LibvirtException;

/**
 * Whether a saved machine can go on with another document: what its guest sees has to be the same,
 * and only where it comes from on the host may be another. Order and words are those of libvirt's
 * {@code virDomainDefCheckABIStability}.
 */
final class AbiCheck {
  /** Kinds of devices of which there has to be the same number, with libvirt's words for them. */
  private static final List<Kind> KINDS =
      List.of(
          new Kind("disk", "disk"),
          new Kind("controller", "controller"),
          new Kind("filesystem", "filesystem"),
          new Kind("interface", "net card"),
          new Kind("input", "input device"),
          new Kind("sound", "sound card"),
          new Kind("video", "video card"),
          new Kind("hostdev", "host device"),
          new Kind("smartcard", "smartcard"),
          new Kind("serial", "serial port"),
          new Kind("parallel", "parallel port"),
          new Kind("channel", "channel"),
          new Kind("console", "console"),
          new Kind("hub", "hub device"),
          new Kind("redirdev", "redirected devices"),
          new Kind("watchdog", "watchdog device"),
          new Kind("rng", "RNG device"),
          new Kind("panic", "panic device"),
          new Kind("shmem", "shared memory device"),
          new Kind("tpm", "TPM device"),
          new Kind("memory", "memory device"));

  private record Kind(String element, String words) {}

  private AbiCheck() {}

  /**
   * Compares two documents.
   *
   * @param source what the machine was saved with
   * @param target what it is to go on with
   * @throws LibvirtException {@code CONFIG_UNSUPPORTED} at the first difference
   */
  static void check(DomainDocument source, DomainDocument target) throws LibvirtException {
    same("virt type", target.type(), source.type());
    same("uuid", text(target), text(source));
    if (!target.name().equals(source.name())) {
      throw Refusal.unsupported(
          "Target domain name '"
              + target.name()
              + "' does not match source '"
              + source.name()
              + "'");
    }
    same("max memory", target.memoryKib(), source.memoryKib());
    if (target.memorySlots() != source.memorySlots()) {
      throw Refusal.unsupported(
          "Target domain memory slots count '"
              + target.memorySlots()
              + "' doesn't match source '"
              + source.memorySlots()
              + "'");
    }
    same("vCPU max", target.mostProcessors(), source.mostProcessors());
    processors(source, target);
    same("OS type", target.os().type(), source.os().type());
    same("architecture", architecture(target), architecture(source));
    same("machine type", target.os().machine(), source.os().machine());
    for (Kind kind : KINDS) {
      same(kind.words() + " count", count(target, kind), count(source, kind));
    }
    disks(source.disks(), target.disks());
    cards(source.interfaces(), target.interfaces());
  }

  private static void same(String what, Object target, Object source) throws LibvirtException {
    if (!Objects.equals(target, source)) {
      throw Refusal.unsupported(
          "Target domain " + what + " " + target + " does not match source " + source);
    }
  }

  private static String text(DomainDocument document) {
    return document.uuid().map(UUID::toString).orElse("");
  }

  private static String architecture(DomainDocument document) {
    String arch = document.root().attributeAt("os/type", "arch");
    return arch == null ? "" : arch;
  }

  /** Those that are there from the beginning are the first ones. */
  private static void processors(DomainDocument source, DomainDocument target)
      throws LibvirtException {
    if (target.processors() != source.processors()) {
      throw Refusal.unsupported(
          "State of vCPU '"
              + Math.min(target.processors(), source.processors())
              + "' differs between source and destination definitions");
    }
  }

  private static int count(DomainDocument document, Kind kind) {
    return document.devicesElement().children(kind.element()).size();
  }

  private static void disks(List<Disk> source, List<Disk> target) throws LibvirtException {
    for (int i = 0; i < target.size(); i++) {
      Disk wanted = target.get(i);
      Disk known = source.get(i);
      device("disk device", wanted.device(), known.device());
      device("disk bus", wanted.bus(), known.bus());
      device("disk", wanted.target(), known.target());
      device("disk serial", wanted.serial().orElse(null), known.serial().orElse(null));
      if (wanted.isReadOnly() != known.isReadOnly()) {
        throw Refusal.unsupported("Target disk access mode does not match source");
      }
    }
  }

  private static void cards(List<NetworkInterface> source, List<NetworkInterface> target)
      throws LibvirtException {
    for (int i = 0; i < target.size(); i++) {
      device("network card mac", target.get(i).mac(), source.get(i).mac());
      device(
          "network card model",
          target.get(i).model().orElse(null),
          source.get(i).model().orElse(null));
    }
  }

  private static void device(String what, String target, String source) throws LibvirtException {
    if (!Objects.equals(target, source)) {
      throw Refusal.unsupported(
          "Target " + what + " " + target + " does not match source " + source);
    }
  }
}
