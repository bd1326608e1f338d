package org.wardian.boot.catalogue;

/**
 * A file that a manifest in the cache speaks of.
 *
 * @param size in bytes
 * @param sha256 lower-case hexadecimal
 */
public record StoredFile(long size, String sha256) {}
