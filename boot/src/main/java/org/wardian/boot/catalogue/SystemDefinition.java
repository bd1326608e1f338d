package org.wardian.boot.catalogue;

import java.util.List;

/**
 * A named system: what is installed on its disk.
 *
 * @param name what the user calls it
 * @param aliases what else he may call it
 * @param description one line for a list
 * @param suite the Debian suite that it is of
 * @param architecture Debian's name of the architecture
 * @param priorities all packages of these priorities are installed
 * @param without packages that are not, though they are of those priorities
 * @param packages further ones
 * @param kernelPackage the metapackage among them that depends on the kernel
 * @param units of systemd that are enabled beside those of the packages' own choice
 * @param disabledUnits those of the packages' choice that are not
 */
public record SystemDefinition(
    String name,
    List<String> aliases,
    String description,
    String suite,
    String architecture,
    List<String> priorities,
    List<String> without,
    List<String> packages,
    String kernelPackage,
    List<String> units,
    List<String> disabledUnits) {
  /** The systems that there are. */
  static final List<SystemDefinition> ALL =
      List.of(
          new SystemDefinition(
              "debian",
              List.of("debian:12", "debian:bookworm"),
              "Debian 12 on a disk: systemd, apt, ssh, cloud-init",
              "bookworm",
              "amd64",
              List.of("required", "important"),
              // networkd, which systemd brings, stands in for ifupdown and its DHCP client.
              List.of(
                  "ifupdown",
                  "isc-dhcp-client",
                  "isc-dhcp-common",
                  "tasksel",
                  "tasksel-data",
                  "debconf-i18n",
                  "dmidecode",
                  "nftables",
                  "vim-common",
                  "vim-tiny"),
              List.of(
                  "bash-completion",
                  "ca-certificates",
                  "cloud-init",
                  "curl",
                  "dbus",
                  "libpam-systemd",
                  "linux-image-cloud-amd64",
                  "openssh-server",
                  "sudo",
                  "systemd-resolved",
                  "systemd-timesyncd",
                  // Else usrmerge comes, which needs all of Perl to merge what is merged already.
                  "usr-is-merged"),
              "linux-image-cloud-amd64",
              List.of("systemd-networkd.service"),
              // These look for volumes of LVM and for cards that come and go.
              List.of("e2scrub_all.timer", "e2scrub_reap.service", "cloud-init-hotplugd.socket")));

  /** Whether a name is of this system. */
  boolean isCalled(String other) {
    return name.equals(other) || aliases.contains(other);
  }
}
