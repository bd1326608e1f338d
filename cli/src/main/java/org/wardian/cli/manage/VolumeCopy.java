package org.wardian.cli.manage;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.wardian.cli.disk.DiskProgress;
import org.wardian.libvirt.client.StoragePool;
import org.wardian.libvirt.client.StorageVolume;
import org.wardian.libvirt.error.LibvirtException;

/** A copy that the daemon makes by itself; how far it is shows in the bytes that it has taken. */
final class VolumeCopy {
  private static final int LOOK_MILLIS = 250;

  private VolumeCopy() {}

  /**
   * Makes a volume with the content of another, and waits for it.
   *
   * @param xml of the new one
   * @throws CancellationException where the user interrupts; the daemon goes on copying
   */
  static StorageVolume make(
      StoragePool pool, String name, String xml, StorageVolume source, DiskProgress bar)
      throws LibvirtException, InterruptedException {
    long total = source.info().allocation();
    CompletableFuture<StorageVolume> copy = new CompletableFuture<>();
    Thread.startVirtualThread(() -> {
      try {
        copy.complete(pool.createVolumeFrom(xml, source, 0));
      } catch (LibvirtException | RuntimeException e) {
        copy.completeExceptionally(e);
      }
    });
    while (true) {
      try {
        StorageVolume made = copy.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
        bar.at(total, total);
        return made;
      } catch (TimeoutException notYet) {
        if (!bar.at(Math.min(taken(pool, name), total), total)) {
          throw new CancellationException("interrupted; the daemon goes on copying " + name);
        }
      } catch (ExecutionException e) {
        if (e.getCause() instanceof LibvirtException refused) {
          throw refused;
        }
        throw new IllegalStateException(e.getCause());
      }
    }
  }

  private static long taken(StoragePool pool, String name) {
    try {
      return pool.volume(name).info().allocation();
    } catch (LibvirtException notToBeSeenYet) {
      return 0;
    }
  }
}
