/**
 * Disk images of other virtual machines, read only: VMDK, VDI, VHD, VHDX and the disks of an OVA.
 *
 * <p>{@link org.wardian.storage.imports.Imports} opens them. A format is a class that says where a
 * range of the disk lies ({@link org.wardian.storage.imports.Piece}); reading, parents and extents
 * are {@link org.wardian.storage.imports.ImportedImage}'s. Nothing that a header says sizes an
 * allocation: tables are read page by page as they are needed.
 */
package org.wardian.storage.imports;
