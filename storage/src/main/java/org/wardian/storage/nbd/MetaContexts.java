package org.wardian.storage.nbd;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What can be asked of the ranges of an export, and how clients name it. */
final class MetaContexts {
  static final String ALLOCATION = "base:allocation";

  /** QEMU's name for a dirty bitmap; the bitmap's own follows. */
  static final String BITMAP = "qemu:dirty-bitmap:";

  private MetaContexts() {}

  /** All that an export has. */
  static List<MetaContext> of(NbdExport export) {
    List<MetaContext> all = new ArrayList<>();
    all.add(new MetaContext(ALLOCATION, null));
    export.bitmaps().forEach((name, bitmap) -> all.add(new MetaContext(BITMAP + name, bitmap)));
    return all;
  }

  /**
   * What queries find.
   *
   * @param listing whether {@code base:} and its like stand for all that begin so, and no query for
   *     all there is; without, contexts are named as they are
   */
  static List<MetaContext> find(NbdExport export, List<String> queries, boolean listing) {
    List<MetaContext> all = of(export);
    if (listing && queries.isEmpty()) {
      return all;
    }
    Set<MetaContext> found = new LinkedHashSet<>();
    for (String query : queries) {
      for (MetaContext each : all) {
        boolean family = listing && query.endsWith(":") && each.name().startsWith(query);
        if (family || each.name().equals(query)) {
          found.add(each);
        }
      }
    }
    return List.copyOf(found);
  }
}
