package org.wardian.daemon.snapshot;

import org.wardian.daemon.moment.MomentTree;
import org.wardian.definition.snapshot.SnapshotDocument;

/** The snapshots of a domain. */
final class SnapshotTree extends MomentTree<SnapshotDocument> {}
