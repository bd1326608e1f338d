package org.wardian.storage.job;

import org.wardian.storage.device.ErrorPolicy;

/**
 * How a job works.
 *
 * @param id its name
 * @param speed bytes a second; 0 for no limit
 * @param autoFinalize whether it ends without its owner's word
 * @param autoDismiss whether it is forgotten once it is over
 * @param sourceErrors what happens when reading the disk fails
 * @param targetErrors what happens when writing the target fails
 */
public record JobOptions(
    String id,
    long speed,
    boolean autoFinalize,
    boolean autoDismiss,
    ErrorPolicy sourceErrors,
    ErrorPolicy targetErrors) {
  /** As fast as it goes, to the end; errors end it. */
  public static JobOptions of(String id) {
    return new JobOptions(id, 0, true, true, ErrorPolicy.REPORT, ErrorPolicy.REPORT);
  }

  /** The same with a limit in bytes a second. */
  public JobOptions withSpeed(long value) {
    return new JobOptions(id, value, autoFinalize, autoDismiss, sourceErrors, targetErrors);
  }

  /** The same, ending on its own or not. */
  public JobOptions withAuto(boolean finalized, boolean dismissed) {
    return new JobOptions(id, speed, finalized, dismissed, sourceErrors, targetErrors);
  }

  /** The same with policies for errors. */
  public JobOptions withErrors(ErrorPolicy source, ErrorPolicy target) {
    return new JobOptions(id, speed, autoFinalize, autoDismiss, source, target);
  }
}
