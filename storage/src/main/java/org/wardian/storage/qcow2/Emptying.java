package org.wardian.storage.qcow2;

import java.io.IOException;
import java.util.Arrays;

/** Makes an image hold nothing, by who keeps every request out. */
final class Emptying {
  private final Qcow2Image image;

  Emptying(Qcow2Image image) {
    this.image = image;
  }

  void run() throws IOException {
    Tables tables = image.tables;
    tables.writeBack(false);
    image.compressed.forget();
    tables.reclaim(image.options.discards());
    tables.writeBack(false);
    long[] l1 = tables.l1();
    long[] old = l1.clone();
    Arrays.fill(l1, 0);
    TableFile.write(image.file, image.header.l1Offset, l1);
    image.file.flush();
    tables.forget();
    if (image.external) {
      // The data file's clusters are not counted: only the tables are given back.
      new ReferenceChange(tables).removeTables(old, image.options.discards());
      image.data.punch(0, image.data.size());
    } else {
      new ReferenceChange(tables).remove(old, image.options.discards());
    }
  }
}
