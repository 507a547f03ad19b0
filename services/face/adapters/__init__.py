"""Adapters of the face check 人脸适配: landmark networks, matcher, judging child process."""
