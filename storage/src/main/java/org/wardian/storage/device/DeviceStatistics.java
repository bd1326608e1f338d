package org.wardian.storage.device;

import java.util.Map;
import org.wardian.storage.BlockRequest;

/**
 * What a disk has done so far.
 *
 * @param byKind of request
 * @param underWay requests that have started and not ended
 * @param waiting requests that have not started
 */
public record DeviceStatistics(Map<BlockRequest.Kind, Totals> byKind, int underWay, int waiting) {
  /**
   * Requests of one kind.
   *
   * @param operations that ended well
   * @param bytes of them
   * @param nanos from submission to end, summed up
   * @param errors requests that failed, each try counted
   */
  public record Totals(long operations, long bytes, long nanos, long errors) {}
}
