/** Jobs that copy, merge and back up disks while guests write to them. */
package org.wardian.storage.job;
