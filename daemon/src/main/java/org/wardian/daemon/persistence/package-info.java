/** Definitions in files: one for each object, whole at every moment. */
package org.wardian.daemon.persistence;
