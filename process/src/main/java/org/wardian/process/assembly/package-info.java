/**
 * What machines are made of beside their boards: opened images, network ports, folders and
 * firmware, and the choice of who executes them. Commands and machine processes use the same.
 */
package org.wardian.process.assembly;
