package org.wardian.boot.catalogue;

/**
 * A named guest: which Debian packages its kernel and its first program come from.
 *
 * @param name what the user calls it
 * @param description one line for a list
 * @param architecture Debian's name of the architecture, {@code amd64} or {@code i386}
 * @param kernelPackage the metapackage that always depends on the newest kernel
 * @param busyboxPackage the package with a statically linked busybox
 */
public record GuestDefinition(
    String name,
    String description,
    String architecture,
    String kernelPackage,
    String busyboxPackage) {}
