package org.wardian.storage.nbd;

import java.util.Map;

/**
 * What a server has agreed on with us.
 *
 * @param size bytes of the export
 * @param flags transmission flags
 * @param structured whether answers are structured
 * @param smallestBlock bytes that requests must be made of
 * @param largestPayload bytes of data in one request at most
 * @param contexts names of metadata contexts by their numbers
 */
record ClientAgreement(
    long size,
    int flags,
    boolean structured,
    int smallestBlock,
    int largestPayload,
    Map<Integer, String> contexts) {
  boolean has(int flag) {
    return (flags & flag) != 0;
  }
}
