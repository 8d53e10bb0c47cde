CREATE TABLE projects (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  state text
);

-- Ours.
CREATE INDEX projects_name ON projects (name);
