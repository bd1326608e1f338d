package org.wardian.definition.domain;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.wardian.definition.xml.XmlElement;

/**
 * What a machine starts: {@code <os>}.
 *
 * @param element the element, which each domain has
 */
public record OperatingSystem(XmlElement element) {
  /** hvm: a whole machine. */
  public String type() {
    return Values.childText(element, "type").orElse("");
  }

  /** x86_64 or i686. */
  public String architecture() {
    return Values.attribute(element, "type", "arch").orElse("x86_64");
  }

  /** The board, such as {@code pc-q35-7.2}. */
  public String machine() {
    return Values.attribute(element, "type", "machine").orElse("");
  }

  /** Whether the board is a q35, whose devices hang on PCI Express. */
  public boolean isQ35() {
    return machine().equals("q35") || machine().startsWith("pc-q35");
  }

  /** Whether the firmware is chosen by the daemon: bios or efi. */
  public Optional<String> firmware() {
    return Values.attribute(element, "firmware");
  }

  /** The path of the kernel. */
  public Optional<String> kernel() {
    return Values.childText(element, "kernel");
  }

  /** The path of the initial RAM disk. */
  public Optional<String> initrd() {
    return Values.childText(element, "initrd");
  }

  /** The kernel's command line. */
  public Optional<String> commandLine() {
    return Values.childText(element, "cmdline");
  }

  /** The path of the firmware's image. */
  public Optional<String> loader() {
    return Values.childText(element, "loader");
  }

  /** rom or pflash. */
  public Optional<String> loaderType() {
    return Values.attribute(element, "loader", "type");
  }

  /** Whether the firmware's image is only read. */
  public boolean isLoaderReadOnly() {
    return Values.flag(Values.attribute(element, "loader", "readonly")).orElse(false);
  }

  /** Whether the firmware is protected from the operating system. */
  public boolean isLoaderSecure() {
    return Values.flag(Values.attribute(element, "loader", "secure")).orElse(false);
  }

  /** The path of the firmware's variables. */
  public Optional<String> variables() {
    return Values.childText(element, "nvram");
  }

  /** The path of what new variables are copied from. */
  public Optional<String> variablesTemplate() {
    return Values.attribute(element, "nvram", "template");
  }

  /** The order of booting by kind: hd, cdrom, network, fd. */
  public List<String> bootDevices() {
    return element.children("boot").stream().map(boot -> boot.attribute("dev", "")).toList();
  }

  /** Whether a menu is shown; empty where the document does not say. */
  public Optional<Boolean> bootMenu() {
    return Values.flag(Values.attribute(element, "bootmenu", "enable"));
  }

  /** How many milliseconds the menu waits. */
  public OptionalInt bootMenuTimeout() {
    return Values.integer(Values.attribute(element, "bootmenu", "timeout"));
  }

  /** Whether firmware writes to the serial port. */
  public boolean isBiosOnSerial() {
    return Values.flag(Values.attribute(element, "bios", "useserial")).orElse(false);
  }

  /** Milliseconds until a start that failed is tried again; -1 is never. */
  public OptionalInt rebootTimeout() {
    return Values.integer(Values.attribute(element, "bios", "rebootTimeout"));
  }

  /** What SMBIOS tables say: emulate, host or sysinfo. */
  public String smbios() {
    return Values.attribute(element, "smbios", "mode").orElse("emulate");
  }
}
