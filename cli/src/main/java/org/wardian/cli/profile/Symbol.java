package org.wardian.cli.profile;

/**
 * A function.
 *
 * @param address linear, as linked
 * @param size in bytes, or 0 where the file does not tell
 */
public record Symbol(long address, long size, String name) {}
