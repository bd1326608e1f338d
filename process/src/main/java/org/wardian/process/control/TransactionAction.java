package org.wardian.process.control;

import org.wardian.qmp.QmpException;

/** A part of a transaction. All disks stand still from the first part's begin to the last's end. */
interface TransactionAction {
  /**
   * Does what can fail.
   *
   * @throws QmpException where it failed; nothing is done then
   */
  void prepare() throws QmpException;

  /** Does the rest: all parts were prepared. */
  void commit();

  /** Takes back what {@link #prepare} did; parts are taken back in reverse. */
  void abort();
}
