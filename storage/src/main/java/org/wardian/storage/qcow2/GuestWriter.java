package org.wardian.storage.qcow2;

import java.io.IOException;
import org.wardian.storage.FileStore;
import org.wardian.storage.Scatter;

/**
 * Writes guest data by the active mapping: where they are, if their clusters have one user, else by
 * {@link ClusterWriter}. The caller keeps clusters that were given up from being reused.
 */
final class GuestWriter {
  private final Tables tables;
  private final Geometry geometry;
  private final Mapping mapping;
  private final ClusterWriter elsewhere;
  private final FileStore data;
  private final boolean external;

  GuestWriter(Qcow2Image image) {
    tables = image.tables;
    geometry = image.geometry;
    mapping = image.mapping;
    elsewhere = new ClusterWriter(image, tables, mapping, image.data);
    data = image.data;
    external = image.external;
  }

  void write(long offset, Scatter from, long bytes) throws IOException {
    Run run = new Run();
    long at = offset;
    long end = offset + bytes;
    while (at < end) {
      mapping.find(tables.l1(), at, end - at, run);
      if (run.kind == Run.Kind.NORMAL && run.copied) {
        checkNoMetadata(run.host, run.bytes);
        data.write(run.host, from, run.bytes);
        at += run.bytes;
      } else {
        at += elsewhere.write(at, from, end - at);
      }
    }
  }

  private void checkNoMetadata(long host, long bytes) throws CorruptMappingException {
    if (external) {
      return;
    }
    long last = host + bytes - 1 >>> geometry.clusterBits();
    for (long cluster = host >>> geometry.clusterBits(); cluster <= last; cluster++) {
      if (tables.metadata.contains(cluster)) {
        throw new CorruptMappingException(
            "guest data mapped onto a table at offset " + (cluster << geometry.clusterBits()));
      }
    }
  }
}
