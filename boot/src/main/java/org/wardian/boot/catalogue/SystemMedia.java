package org.wardian.boot.catalogue;

import java.nio.file.Path;

/**
 * What a machine needs that makes a system: it starts the kernel with the initrd, has an empty disk
 * first and the packages second, and powers off at the end. Its console's lines tell how far it is:
 * {@code ward: step: NAME}; {@code processing: ACTION: PACKAGE}, as dpkg writes them; at the end
 * {@code ward: done} or {@code ward: failed: REASON}.
 *
 * @param name the system's
 * @param kernel a bzImage
 * @param initrd its initial RAM disk
 * @param packages an ISO 9660 volume
 * @param essentials how many packages are laid out, installed and configured first
 * @param others how many are unpacked and configured then
 */
public record SystemMedia(
    String name, byte[] kernel, byte[] initrd, Path packages, int essentials, int others) {}
