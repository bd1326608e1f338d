package org.wardian.storage.job;

import java.io.IOException;
import org.wardian.storage.device.ImageDevice;

/** What the owner of a job does at its end. */
public interface JobEnd {
  /** Nothing. */
  JobEnd NOTHING =
      new JobEnd() {
        @Override
        public void conclude() {
          // The result counts as it is.
        }

        @Override
        public void clean(boolean good) {
          // Nothing was taken.
        }
      };

  /**
   * Takes the result into use, or not at all. The disk is drained.
   *
   * @throws IOException where that is refused; all is as before
   */
  void conclude() throws IOException;

  /** Concludes while nothing is under way on a disk. */
  default void concludeOn(ImageDevice device) throws IOException {
    device.drain();
    try {
      conclude();
    } finally {
      device.endDrain();
    }
  }

  /**
   * Gives back what the job was given.
   *
   * @param good whether it was concluded
   */
  void clean(boolean good) throws IOException;
}
