package org.wardian.conformance.command;

import java.nio.file.Path;

/** A live domain document for a machine's process. */
final class DomainText {
  private final StringBuilder devices = new StringBuilder();
  private final StringBuilder os = new StringBuilder();
  private String onReboot = "restart";
  private int mebibytes = 16;
  private int processors = 1;
  private int mostProcessors = 1;

  /** Boots a kernel. */
  DomainText kernel(Path file) {
    os.append("<kernel>").append(file).append("</kernel>");
    return this;
  }

  /** With a first file system and a command line. */
  DomainText kernel(Path file, Path initrd, String commandLine) {
    kernel(file);
    os.append("<initrd>").append(initrd).append("</initrd>");
    os.append("<cmdline>").append(commandLine).append("</cmdline>");
    return this;
  }

  DomainText memory(int newMebibytes) {
    mebibytes = newMebibytes;
    return this;
  }

  /** With some of its processors at the start. */
  DomainText processors(int number, int most) {
    processors = number;
    mostProcessors = most;
    return this;
  }

  /** What happens when the guest resets. */
  DomainText onReboot(String action) {
    onReboot = action;
    return this;
  }

  /** The first serial port on a socket that the machine listens on. */
  DomainText serialSocket(Path path) {
    return device(
        """
        <serial type='unix'><source mode='bind' path='%s'/><target port='0'/>
          <alias name='serial0'/></serial>
        """
            .formatted(path));
  }

  /** A virtio disk. */
  DomainText disk(Path image, String format, int number) {
    return device(
        """
        <disk type='file' device='disk'><driver name='qemu' type='%s'/>
          <source file='%s' index='%d'/><target dev='vd%c' bus='virtio'/>
          <alias name='virtio-disk%d'/></disk>
        """
            .formatted(format, image, number + 1, 'a' + number, number));
  }

  /** An empty CD-ROM drive. */
  DomainText cdrom() {
    return device(
        """
        <disk type='file' device='cdrom'><target dev='hdc' bus='ide'/><readonly/>
          <alias name='ide0-1-0'/></disk>
        """);
  }

  DomainText device(String element) {
    devices.append(element);
    return this;
  }

  @Override
  public String toString() {
    return """
    <domain type='qemu' id='1'>
      <name>tiny</name>
      <uuid>4dea22b3-1d52-d8f3-2516-782e98ab3fa0</uuid>
      <memory unit='MiB'>%d</memory>
      <vcpu current='%d'>%d</vcpu>
      <os><type arch='x86_64' machine='pc'>hvm</type>%s</os>
      <on_reboot>%s</on_reboot>
      <devices>%s</devices>
    </domain>
    """
        .formatted(mebibytes, processors, mostProcessors, os, onReboot, devices);
  }
}
