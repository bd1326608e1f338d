package org.wardian.boot.catalogue;

/**
 * Hears how a download goes. All calls come from the thread that called {@link ImageCache}; files
 * are fetched one after the other.
 */
public interface ProgressListener {
  /**
   * A file begins to arrive.
   *
   * @param name the file's name, for display
   * @param totalBytes its size, or -1 if it is not known
   */
  void fileStarted(String name, long totalBytes);

  /**
   * More of the file has arrived. Called often; a listener limits its own output.
   *
   * @param receivedBytes bytes so far; may go back to 0 when a broken connection is tried again
   */
  void fileAdvanced(long receivedBytes);

  /** The file is complete and its hash, where one is known, was right. */
  void fileFinished();

  /** The file was given up; an exception with the reason follows. */
  void fileFailed();

  /**
   * Something that the user should know meanwhile, such as a wait for another process.
   *
   * @param line one line without line break
   */
  void note(String line);

  /**
   * A step of work that is counted in pieces begins, after the end of the one before.
   *
   * @param name what is done, for display
   * @param total how many pieces there are, or 0 if that is not known
   */
  default void stepStarted(String name, int total) {}

  /**
   * Some of a step is done.
   *
   * @param done pieces so far
   * @param piece what is being done at the moment, for display
   */
  default void stepAdvanced(int done, String piece) {}

  /** The step is done. */
  default void stepFinished() {}

  /** A listener that ignores everything. */
  static ProgressListener silent() {
    return new ProgressListener() {
      @Override
      public void fileStarted(String name, long totalBytes) {}

      @Override
      public void fileAdvanced(long receivedBytes) {}

      @Override
      public void fileFinished() {}

      @Override
      public void fileFailed() {}

      @Override
      public void note(String line) {}
    };
  }
}
