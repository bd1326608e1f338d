package org.wardian.storage.qcow2;

import java.util.List;

/**
 * What a check of an image found.
 *
 * @param corruptions faults that lose or mix up data, before any repair
 * @param leaks clusters that are counted as used and are not, before any repair
 * @param corruptionsLeft faults that are still there
 * @param leaksLeft leaks that are still there
 * @param totalClusters clusters of the disk
 * @param allocatedClusters those of them that the image holds
 * @param compressedClusters those that are compressed
 * @param fragmentedClusters those that do not lie behind their predecessor
 * @param imageEnd bytes of the file up to its last used cluster
 * @param messages the first faults in words
 */
public record CheckReport(
    long corruptions,
    long leaks,
    long corruptionsLeft,
    long leaksLeft,
    long totalClusters,
    long allocatedClusters,
    long compressedClusters,
    long fragmentedClusters,
    long imageEnd,
    List<String> messages) {
  /** Whether nothing was wrong. */
  public boolean clean() {
    return corruptions == 0 && leaks == 0;
  }
}
