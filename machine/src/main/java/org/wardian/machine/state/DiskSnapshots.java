package org.wardian.machine.state;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.wardian.storage.qcow2.Qcow2Image;
import org.wardian.storage.qcow2.Qcow2Snapshots;
import org.wardian.storage.qcow2.Snapshot;

/**
 * Snapshots of all writable disks of a machine at one moment, one of which has the machine's state
 * as well: the last that is made, so that where there is a state, there is everything. They have
 * their name and the guest's time in common, by which they are known as one; a nanosecond more for
 * each disk before tells their order.
 */
public final class DiskSnapshots {
  private final List<Qcow2Image> images;

  /**
   * Those of a machine's disks; the first keeps the state.
   *
   * @param images all that the guest writes, one or more
   */
  public DiskSnapshots(List<Qcow2Image> images) {
    if (images.isEmpty()) {
      throw new IllegalArgumentException("no disk to keep a snapshot in");
    }
    this.images = List.copyOf(images);
  }

  /** Writes a machine's state. */
  @FunctionalInterface
  public interface Saver {
    /** Writes all of it. */
    void save(StateTarget target) throws IOException;
  }

  /**
   * Takes the snapshots of a machine that stands still. Where one fails, none stays.
   *
   * @param name of all of them; no disk has one of that name
   * @param guestTime how long the guest has run
   * @param machine writes its state
   * @return bytes of the state
   * @throws IllegalArgumentException where a disk has a snapshot of the name
   */
  public long create(String name, Duration guestTime, Saver machine) throws IOException {
    List<Qcow2Image> made = new ArrayList<>();
    try {
      for (int place = 1; place < images.size(); place++) {
        Qcow2Image image = images.get(place);
        image.snapshots().create(name, guestTime.plusNanos(place), null);
        made.add(image);
      }
      return images
          .getFirst()
          .snapshots()
          .create(name, guestTime, area -> machine.save(new AreaTarget(area)))
          .stateSize();
    } catch (IOException | RuntimeException e) {
      for (Qcow2Image image : made) {
        try {
          image.snapshots().delete(name);
        } catch (IOException | RuntimeException left) {
          e.addSuppressed(left);
        }
      }
      throw e;
    }
  }

  /** The area behind a disk that keeps a machine's state. */
  private record AreaTarget(Qcow2Snapshots.StateArea area) implements StateTarget {
    @Override
    public boolean sparse() {
      return false;
    }

    @Override
    public void write(long offset, ByteBuffer from) throws IOException {
      area.write(offset, from);
    }

    @Override
    public void written(StateHeader header) throws IOException {
      area.write(0, header.toBytes());
    }
  }

  /**
   * Opens the state that was saved under a name.
   *
   * @throws StateFileException where the disks have no such snapshots, or none has a state
   */
  public SavedState open(String name) throws IOException {
    Qcow2Image keeper = null;
    Snapshot kept = null;
    Duration time = null;
    for (Qcow2Image image : images) {
      Snapshot snapshot = find(image, name);
      if (time != null && !time.equals(snapshot.guestTime())) {
        throw new StateFileException(
            "the snapshots '%s' of these disks were taken at different times, or of disks in another order"
                .formatted(name));
      }
      time = snapshot.guestTime().plusNanos(1);
      if (keeper == null && snapshot.stateSize() > 0) {
        keeper = image;
        kept = snapshot;
      }
    }
    if (keeper == null) {
      throw new StateFileException(
          "snapshot '%s' of %s is of the disk alone, without a machine"
              .formatted(name, images.getFirst().path()));
    }
    return SavedState.open(new SnapshotSource(keeper, kept));
  }

  private static Snapshot find(Qcow2Image image, String name) throws IOException {
    return image.snapshots().list().stream()
        .filter(snapshot -> snapshot.name().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new StateFileException(
                image.path()
                    + " has no snapshot '"
                    + name
                    + "'; 'ward disk snapshot list' shows which it has"));
  }

  /** Makes all disks what they were; what they hold now is lost where no snapshot has it. */
  public void apply(String name) throws IOException {
    for (Qcow2Image image : images) {
      image.snapshots().apply(find(image, name).id());
    }
  }

  /** The state that a snapshot keeps. */
  private record SnapshotSource(Qcow2Image image, Snapshot snapshot) implements StateSource {
    @Override
    public String name() {
      return "snapshot '" + snapshot.name() + "' of " + image.path();
    }

    @Override
    public long size() {
      return snapshot.stateSize();
    }

    @Override
    public void read(long offset, ByteBuffer to) throws IOException {
      try {
        image.snapshots().readState(snapshot.id(), offset, to);
      } catch (IndexOutOfBoundsException e) {
        throw new StateFileException(name() + " is truncated", e);
      }
    }

    @Override
    public Optional<Path> file() {
      return Optional.empty();
    }

    @Override
    public void close() {
      // The image belongs to who opened it.
    }
  }
}
