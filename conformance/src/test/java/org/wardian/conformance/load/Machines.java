package org.wardian.conformance.load;

import java.nio.file.Path;

/** Documents of the domains that the daemon is loaded with. */
final class Machines {
  /** What machines of a person look like; {@code NAME} is to be replaced. */
  static final String USUAL =
      """
      <domain type='qemu'>
        <name>NAME</name>
        <memory unit='MiB'>512</memory>
        <vcpu>2</vcpu>
        <os><type arch='x86_64' machine='pc'>hvm</type><boot dev='hd'/></os>
        <features><acpi/><apic/></features>
        <devices>
          <disk type='file' device='disk'>
            <driver name='qemu' type='qcow2'/>
            <source file='/var/lib/libvirt/images/NAME.qcow2'/>
            <target dev='vda' bus='virtio'/>
          </disk>
          <disk type='file' device='cdrom'><target dev='hdc' bus='ide'/><readonly/></disk>
          <interface type='network'><source network='default'/><model type='virtio'/></interface>
          <serial type='pty'/>
          <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
          <graphics type='vnc' port='-1' autoport='yes' listen='127.0.0.1'/>
          <video><model type='vga'/></video>
          <memballoon model='virtio'/>
        </devices>
      </domain>
      """;

  /** One that needs nothing and does nothing. */
  static final String BARE =
      """
      <domain type='qemu'>
        <name>NAME</name>
        <memory unit='MiB'>32</memory>
        <os><type arch='x86_64' machine='pc'>hvm</type></os>
      </domain>
      """;

  private Machines() {}

  /**
   * A machine of 80 MiB, the least for Debian's kernel, with the small guest, whose serial port is
   * a file.
   */
  static String small(String name, Path guest, Path console) {
    return """
    <domain type='qemu'>
      <name>%s</name>
      <memory unit='MiB'>80</memory>
      <os>
        <type arch='x86_64' machine='pc'>hvm</type>
        <kernel>%s</kernel>
        <initrd>%s</initrd>
        <cmdline>console=ttyS0 quiet</cmdline>
      </os>
      <features><acpi/><apic/></features>
      <devices>
        <serial type='file'><source path='%s'/></serial>
        <memballoon model='none'/>
      </devices>
    </domain>
    """
        .formatted(name, guest.resolve("vmlinuz"), guest.resolve("initrd.gz"), console);
  }
}
