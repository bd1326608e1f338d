package org.wardian.boot.catalogue;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps what it hears. */
final class RecordingProgress implements ProgressListener {
  private final List<String> events = new CopyOnWriteArrayList<>();

  @Override
  public void fileStarted(String name, long totalBytes) {
    events.add("start " + name);
  }

  @Override
  public void fileAdvanced(long receivedBytes) {}

  @Override
  public void fileFinished() {
    events.add("finish");
  }

  @Override
  public void fileFailed() {
    events.add("fail");
  }

  @Override
  public void note(String line) {
    events.add(line);
  }

  List<String> events() {
    return events;
  }
}
